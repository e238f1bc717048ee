"""Encoded viewer paths → where they part, where they may be cut, and which of them share a prefix."""

import codecs
import re
from bisect import bisect_left
from collections.abc import Sequence

_LAST = "\U0010ffff"  # sorts after every character of an encoded path
_ESCAPES = re.compile(r"((?:%[0-9A-Fa-f]{2})*)(%[0-9A-Fa-f]?)?\Z")
# The longest tail that can belong to an unfinished character: three escapes of four and a piece of the last.
_LONGEST_PIECE = len("%F0%9F%98%8")


def shared_length(first: str, second: str, known: int = 0) -> int:
    """Return how many characters both begin with; the first `known` are taken for granted."""
    for at, (left, right) in enumerate(zip(first[known:], second[known:], strict=False), known):
        if left != right:
            return at
    return min(len(first), len(second))


def length_at_character_boundary(text: str) -> int:
    """Return the length of the longest start of `text` that ends inside no escape and no UTF-8 character.

    A wildcard that ends elsewhere is refused or matches nothing: CloudFront compares whole characters.
    """
    if "%" not in text[-_LONGEST_PIECE:]:
        return len(text)
    tail = _ESCAPES.search(text)
    whole, piece = tail.groups(default="") if tail else ("", "")
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    decoder.decode(bytes.fromhex(whole.replace("%", "")))
    unfinished, _ = decoder.getstate()
    return len(text) - len(piece) - len("%XX") * len(unfinished)


def end_of(texts: Sequence[str], prefix: str, low: int, high: int) -> int:
    """Return where the texts that begin with `prefix` end, in the range [low, high) of sorted `texts`."""
    return bisect_left(texts, prefix + _LAST, low, high)


def prefix_range(texts: Sequence[str], prefix: str) -> tuple[int, int]:
    """Return the range [low, high) of sorted `texts` that begin with `prefix`, in O(log n)."""
    low = bisect_left(texts, prefix)
    return low, end_of(texts, prefix, low, len(texts))
