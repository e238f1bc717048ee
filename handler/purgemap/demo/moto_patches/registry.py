"""Register patches of moto, for the one version of moto that they are written for."""

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from purgemap.errors import PurgemapError

MOTO_VERSION = "5.2.5"

PATCHES: list[Callable[[], None]] = []
"""The patches that are registered and not yet applied; `moto_patches.apply` applies them."""

_Function = TypeVar("_Function", bound=Callable[..., Any])


def check_version(installed: str) -> None:
    """Raise PurgemapError if the installed moto is not the patched version."""
    if installed != MOTO_VERSION:
        raise PurgemapError(
            f"the embedded AWS patches moto {MOTO_VERSION}, and moto {installed} is installed: "
            "pip install 'purgemap[demo]'"
        )


def apply_registered() -> None:
    """Apply each registered patch; none is applied twice, since a replacement would call itself."""
    while PATCHES:
        PATCHES.pop(0)()


def replaces(owner: object, name: str) -> Callable[[_Function], _Function]:
    """Register a function as the replacement of `owner.name`."""

    def register(replacement: _Function) -> _Function:
        PATCHES.append(functools.partial(patch, owner, name, replacement))
        return replacement

    return register


def patch(owner: object, name: str, replacement: Callable[..., Any]) -> None:
    """Replace `owner.name` now; the replacement receives the original as its first argument."""
    original = getattr(owner, name)

    @functools.wraps(original)
    def patched(*args: Any, **kwargs: Any) -> Any:
        return replacement(original, *args, **kwargs)

    setattr(owner, name, patched)
