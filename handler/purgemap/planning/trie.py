"""Sorted items → the places where they branch, found on demand: the compressed trie without its nodes.

CloudFront's asterisk stands last, so wildcards are prefixes; a prefix at which the items don't branch covers no
more than the next one below at which they do, and evicts no less. Nothing is built for all items: a branch is a
range of the sorted list, its stem what the range's first and last item share.
"""

from collections.abc import Sequence
from typing import NamedTuple

from purgemap.planning.prefixes import end_of, length_at_character_boundary, shared_length


class Branch(NamedTuple):
    """All items that begin with `stem`: low ≤ i < high of the sorted items, at least two.

    A tuple because a plan of a thousand items visits hundreds: a frozen dataclass takes three times as long.
    """

    low: int
    high: int
    stem: str  # ends between two characters, so that a wildcard may stand there
    split: int  # how many characters all items share: more than the stem's where that would cut a character


def branch_at(items: Sequence[str], low: int, high: int, known: int = 0) -> Branch:
    """Return the branch of a range whose items share at least `known` characters."""
    first = items[low]
    split = shared_length(first, items[high - 1], known)
    return Branch(low, high, first[: length_at_character_boundary(first[:split])], split)


def branches_below(items: Sequence[str], branch: Branch) -> list[Branch]:
    """Return the next branches below one. Items that stand alone there are in none of them."""
    found: list[Branch] = []
    pending = [branch]
    while pending:
        low, high, _, split = pending.pop()
        low += len(items[low]) == split  # an item that all others extend stands alone
        while low < high:
            end = low + 1
            if end < high and items[end][split] == items[low][split]:
                end = end_of(items, items[low][: split + 1], end, high)
                below = branch_at(items, low, end, split)
                (found if len(below.stem) > len(branch.stem) else pending).append(below)
            low = end
    return found


def longest_stem(items: Sequence[str], first: int, last: int, known: int = 0) -> str:
    """Return the longest stem whose wildcard covers both items, given as places in the sorted list.

    Both begin with at least `known` same characters. `P*` is not trusted to cover P, so it is shorter than either.
    """
    item = items[first]
    shared = min(shared_length(item, items[last], known), len(item) - 1)
    return item[: length_at_character_boundary(item[:shared])]
