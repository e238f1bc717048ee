"""Prefixes of encoded viewer paths: their length, where they may end, and which sorted paths share one."""

import codecs
import re
from bisect import bisect_left
from collections.abc import Sequence

_LAST = "\U0010ffff"  # sorts after every character of an encoded path
_ESCAPES_AT_END = re.compile(r"((?:%[0-9A-Fa-f]{2})*)(%[0-9A-Fa-f]?)?\Z")
# The longest tail that can belong to an unfinished character: three escapes of four and a piece of the last.
_MAX_TAIL_LENGTH = len("%F0%9F%98%8")


def shared_length(first: str, second: str, known: int = 0) -> int:
    """Return the length of the longest common prefix, which has at least `known` characters."""
    for index, (left, right) in enumerate(zip(first[known:], second[known:], strict=False), known):
        if left != right:
            return index
    return min(len(first), len(second))


def length_at_character_boundary(text: str) -> int:
    """Return the length of the longest prefix of `text` that ends inside no escape and no UTF-8 character."""
    # A wildcard that ends elsewhere is refused or matches nothing: CloudFront compares whole characters.
    if "%" not in text[-_MAX_TAIL_LENGTH:]:
        return len(text)
    match = _ESCAPES_AT_END.search(text)
    escapes, partial_escape = match.groups(default="") if match else ("", "")
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    decoder.decode(bytes.fromhex(escapes.replace("%", "")))
    unfinished, _ = decoder.getstate()
    return len(text) - len(partial_escape) - len("%XX") * len(unfinished)


def end_of_prefix(texts: Sequence[str], prefix: str, low: int, high: int) -> int:
    """Return the end of the texts that begin with `prefix`, in the range [low, high) of sorted `texts`."""
    return bisect_left(texts, prefix + _LAST, low, high)


def prefix_range(texts: Sequence[str], prefix: str) -> tuple[int, int]:
    """Return the range [low, high) of sorted `texts` that begin with `prefix`, in O(log n)."""
    low = bisect_left(texts, prefix)
    return low, end_of_prefix(texts, prefix, low, len(texts))
