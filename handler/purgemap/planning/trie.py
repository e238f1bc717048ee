"""The compressed trie of sorted items, without nodes: a branch is a range of the list, found on demand.

A CloudFront wildcard is a prefix, since its `*` is the last character. A prefix at which the items don't branch covers
no more than the next longer one at which they do, and evicts no less.
"""

from collections.abc import Sequence
from typing import NamedTuple

from purgemap.planning.prefixes import end_of_prefix, shared_length
from purgemap.text import length_at_character_boundary


class Branch(NamedTuple):
    """All items that begin with `stem`: low ≤ i < high of the sorted items, at least two."""

    # A tuple because a plan of a thousand items visits hundreds: a frozen dataclass takes three times as long.

    low: int
    high: int
    stem: str  # ends between two characters, where a wildcard may end
    shared: int  # the length of the longest common prefix: more than the stem's where that would cut a character


def branch_at(items: Sequence[str], low: int, high: int, known: int = 0) -> Branch:
    """Return the branch of a range whose items share at least `known` characters."""
    item = items[low]
    shared = shared_length(item, items[high - 1], known)
    return Branch(low, high, item[: length_at_character_boundary(item[:shared])], shared)


def child_branches(items: Sequence[str], branch: Branch) -> list[Branch]:
    """Return the next branches below one. Items that are alone there are in none of them."""
    children: list[Branch] = []
    pending = [branch]
    while pending:
        low, high, _, shared = pending.pop()
        low += len(items[low]) == shared  # an item that all others extend is alone
        while low < high:
            end = low + 1
            if end < high and items[end][shared] == items[low][shared]:
                end = end_of_prefix(items, items[low][: shared + 1], end, high)
                child = branch_at(items, low, end, shared)
                (children if len(child.stem) > len(branch.stem) else pending).append(child)
            low = end
    return children


def longest_stem(items: Sequence[str], first: int, last: int, known: int = 0) -> str:
    """Return the longest stem whose wildcard covers both items, given by index, which share `known` characters."""
    item = items[first]
    # `P*` is not trusted to cover P, so the stem is shorter than either item.
    shared = min(shared_length(item, items[last], known), len(item) - 1)
    return item[: length_at_character_boundary(item[:shared])]
