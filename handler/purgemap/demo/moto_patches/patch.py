"""Replace a function of moto, for the one version of moto that the patches are written for."""

import functools
from collections.abc import Callable
from typing import Any

from purgemap.errors import PurgemapError

MOTO_VERSION = "5.2.5"


def check_version(installed: str) -> None:
    """Raise PurgemapError if the installed moto is not the patched version."""
    if installed != MOTO_VERSION:
        raise PurgemapError(
            f"the embedded AWS patches moto {MOTO_VERSION}, and moto {installed} is installed: "
            "pip install 'purgemap[demo]'"
        )


def patch(owner: object, name: str, replacement: Callable[..., Any]) -> None:
    """Replace `owner.name`; the replacement receives the original as its first argument."""
    original = getattr(owner, name)

    @functools.wraps(original)
    def patched(*args: Any, **kwargs: Any) -> Any:
        return replacement(original, *args, **kwargs)

    setattr(owner, name, patched)
