"""Configurations of CloudFront → a map: which keys of which buckets viewers have under which paths."""

from purgemap.operations.discovery.discover import Discovery, Finding, discover_map
from purgemap.operations.discovery.functions import FunctionEffect, classify_function

__all__ = ["Discovery", "Finding", "FunctionEffect", "classify_function", "discover_map"]
