"""The corrections that turn moto into the AWS of the documentation: which there are, and how one is made."""

import functools
from collections.abc import Callable
from importlib import metadata
from typing import Any

from purgemap.errors import PurgemapError

CORRECTED_VERSION = "5.2.5"


@functools.cache
def apply() -> None:
    """Correct moto, once in a process; raises PurgemapError if another version of it is installed.

    A correction knows the inside of the code that it corrects, so it holds for one version of moto only.
    """
    _check_version(metadata.version("moto"))
    # Imported here: these modules import moto, whose version is only now known to be right.
    from purgemap.embedded import (  # noqa: PLC0415
        cloudfront_corrections,
        events_corrections,
        s3_corrections,
        sqs_corrections,
    )

    for service in (s3_corrections, events_corrections, sqs_corrections, cloudfront_corrections):
        for correct in service.CORRECTIONS:
            correct()


def _check_version(installed: str) -> None:
    if installed != CORRECTED_VERSION:
        raise PurgemapError(
            f"the embedded AWS corrects moto {CORRECTED_VERSION}, and moto {installed} is installed: "
            "pip install 'purgemap[demo]'"
        )


def correct(owner: object, name: str, correction: Callable[..., Any]) -> None:
    """Put `correction` in the place of `owner.name`; its first argument is what stood there before."""
    original = getattr(owner, name)

    @functools.wraps(original)
    def corrected(*args: Any, **kwargs: Any) -> Any:
        return correction(original, *args, **kwargs)

    setattr(owner, name, corrected)
