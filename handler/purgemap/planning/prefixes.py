"""Prefixes of encoded viewer paths: how long one is, and which sorted paths share it."""

from bisect import bisect_left
from collections.abc import Sequence

_LAST = "\U0010ffff"  # sorts after every character of an encoded path


def shared_length(first: str, second: str, known: int = 0) -> int:
    """Return the length of the longest common prefix, which has at least `known` characters."""
    for index, (left, right) in enumerate(zip(first[known:], second[known:], strict=False), known):
        if left != right:
            return index
    return min(len(first), len(second))


def end_of_prefix(texts: Sequence[str], prefix: str, low: int, high: int) -> int:
    """Return the end of the texts that begin with `prefix`, in the range [low, high) of sorted `texts`."""
    return bisect_left(texts, prefix + _LAST, low, high)


def prefix_range(texts: Sequence[str], prefix: str) -> tuple[int, int]:
    """Return the range [low, high) of sorted `texts` that begin with `prefix`, in O(log n)."""
    low = bisect_left(texts, prefix)
    return low, end_of_prefix(texts, prefix, low, len(texts))
