"""Keeps CloudFront caches true to S3."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from purgemap.library import (
        Explanation,
        MapError,
        Plan,
        PurgemapError,
        RouteMap,
        explain,
        load_map,
        plan,
    )

__version__ = "0.1.0"

__all__ = ["Explanation", "MapError", "Plan", "PurgemapError", "RouteMap", "explain", "load_map", "plan"]

if not TYPE_CHECKING:  # a type checker would accept every name of a module that has it

    def __getattr__(name: str) -> Any:
        # On first use (PEP 562): the function imports this package at each cold start, and needs none of it.
        if name in __all__:
            return getattr(import_module("purgemap.library"), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
