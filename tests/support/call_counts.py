"""Count the calls that some work makes: a test bounds them instead of seconds."""

import inspect
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def count_calls(work: Callable[[], object]) -> int:
    """Count the calls of Python and C functions that some work makes in this thread."""
    counted = 0

    def count(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal counted
        counted += event in ("call", "c_call")

    _profile(work, count)
    return counted


def count_calls_of(work: Callable[[], object], *functions: Callable[..., object]) -> list[int]:
    """Count the calls of each function that some work makes in this thread; a cached answer does not count."""
    counts = {_code(function): 0 for function in functions}

    def count(frame: FrameType, event: str, _argument: Any) -> None:
        if event == "call" and frame.f_code in counts:
            counts[frame.f_code] += 1

    _profile(work, count)
    return list(counts.values())


def _code(function: Any) -> Any:
    return inspect.unwrap(function).__code__


def _profile(work: Callable[[], object], count: Callable[[FrameType, str, Any], None]) -> None:
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
