"""Candidates and a budget → the wildcards that cost least.

Two passes over the branches of the items. Downwards, a branch is opened only while a plan within the budget may do
without a wildcard at or above it; of 100,000 items and ten wildcards that leaves a few hundred branches. Upwards, the
ways to treat each part are combined and those that another beats in every respect are dropped: exact, a knapsack
on a tree. Where the ways grow too many, only those on the convex hull are kept.
"""

from bisect import insort
from collections.abc import Iterable
from itertools import accumulate
from operator import itemgetter
from typing import NamedTuple, TypeAlias

from purgemap.planning.candidates import Candidates
from purgemap.planning.steps import STEPS_A_BRANCH, Steps
from purgemap.planning.trie import Branch, branch_at, branches_below

# The stems of a way, in nested pairs: to combine two ways costs the same however many they hold.
_Stems: TypeAlias = "str | tuple[_Stems, _Stems] | None"
# A way to treat a part of the items: wildcards, paths saved, cost, stems. A plain tuple: there may be a million.
_Way: TypeAlias = "tuple[int, int, int, _Stems]"

# A branch to open: place and stem of the one above, the branch itself, the most that single wildcards can save beside
# it, and beside it and the parts of the branch above that are added before it.
_Pending: TypeAlias = "tuple[int, str, Branch, list[int], list[int]]"

# Pairs of ways combined at once. Where there are more, only the ways on the hulls are paired.
_MOST_PAIRS = 1 << 12
_COST = itemgetter(2)
_FEWEST = 2  # items that a wildcard covers


class _Knot(NamedTuple):
    """A branch in reach. The lists say, most first, what single wildcards can save outside while none stands above."""

    above: int  # the place of the knot above
    bare: list[_Way]  # ways without a wildcard here, its parts not yet added; none if the budget allows none
    here: list[_Way]  # ways with a wildcard here
    elsewhere: list[int]  # outside this branch
    to_come: list[int]  # outside this branch and the parts of the one above that are added before it


def cheapest_stems(candidates: Candidates, *, surplus: int, max_wildcards: int, steps: Steps) -> list[str] | None:
    """Return the stems that save `surplus` paths at the least cost.

    None if the steps don't suffice, or the approximation finds none.
    """
    if len(candidates.items) < _FEWEST:
        return []
    knots = _knots(candidates, surplus, max_wildcards, steps)
    if steps.left < 0:
        return None
    ways = [knot.bare for knot in knots]
    best: list[_Way] = []
    for place in range(len(knots) - 1, -1, -1):
        above, _, here, elsewhere, to_come = knots[place]
        best = ways.pop() + here
        if len(best) > 1:
            best = _kept(best, surplus, _least(elsewhere, surplus, max_wildcards))
        if place:
            several, best = _paired(ways[above], best)
            if not steps.take(len(several) * len(best)):
                return None
            combined = _combined(several, best, max_wildcards)
            if len(combined) > len(best):  # else each way took the same on, and what was kept is so still
                combined = _kept(combined, surplus, _least(to_come, surplus, max_wildcards))
            ways[above] = combined
    return _flat(best[0][3]) if best else None


def _knots(candidates: Candidates, surplus: int, max_wildcards: int, steps: Steps) -> list[_Knot]:
    """Return the branches in reach, each after the one above it; of the parts of one the last comes first."""
    items = candidates.items
    knots: list[_Knot] = []
    pending: list[_Pending] = [(0, "", branch_at(items, 0, len(items)), [], [])]
    while pending and steps.take(STEPS_A_BRANCH):
        above, stem_above, branch, elsewhere, to_come = pending.pop()
        wildcards = candidates.at(branch, stem_above)
        # Where a wildcard evicts nothing, none below it is better.
        parts = branches_below(items, branch) if all(wildcard.collateral for wildcard in wildcards) else []
        outside = sorted([*elsewhere, *map(_saving, parts)], reverse=True)[: max_wildcards + 1]
        opened = sum(outside[:max_wildcards]) >= surplus
        bare = _bare(candidates, branch, parts, max_wildcards) if opened else []
        here: list[_Way] = [(1, wildcard.saved, wildcard.cost, wildcard.stem) for wildcard in wildcards]
        knots.append(_Knot(above, bare, here, elsewhere, to_come))
        if opened and steps.take(len(parts)):
            pending += _parts(len(knots) - 1, branch.stem, parts, outside, elsewhere)
    return knots


def _parts(above: int, stem: str, parts: list[Branch], outside: list[int], elsewhere: list[int]) -> Iterable[_Pending]:
    """Return the parts of a branch, to be opened from the last to the first and added from the first to the last."""
    found: list[_Pending] = []
    to_come = sorted(elsewhere)
    for part in reversed(parts):
        found.append((above, stem, part, _without(outside, _saving(part)), to_come[: -len(outside) - 1 : -1]))
        insort(to_come, _saving(part))
    return reversed(found)


def _saving(branch: Branch) -> int:
    """Return the most that one wildcard can save at a branch."""
    return branch.high - branch.low - 1


def _without(savings: list[int], one: int) -> list[int]:
    """Return the savings, most first, without one of them if it is there."""
    place = savings.index(one) if one >= savings[-1] else len(savings)
    return savings[:place] + savings[place + 1 :]


def _least(savings: list[int], surplus: int, max_wildcards: int) -> list[int]:
    """Return what 0, 1, 2 … wildcards must save when each of the others saves as much as `savings` says."""
    least = [surplus - saved if saved < surplus else 0 for saved in accumulate(savings, initial=0)]
    least += least[-1:] * (max_wildcards + 1 - len(least))
    return least[max_wildcards::-1]


def _bare(candidates: Candidates, branch: Branch, below: Iterable[Branch], max_wildcards: int) -> list[_Way]:
    """Return the one way to send what stands alone at a branch; none if it holds too many wildcards itself."""
    wildcards, cost = candidates.forced(branch.low, branch.high)
    for part in below:
        wildcards_below, cost_below = candidates.forced(part.low, part.high)
        wildcards, cost = wildcards - wildcards_below, cost - cost_below
    return [(wildcards, 0, cost, None)] if wildcards <= max_wildcards else []


def _paired(ways: list[_Way], others: list[_Way]) -> tuple[list[_Way], list[_Way]]:
    return (_hull(ways), _hull(others)) if len(ways) * len(others) > _MOST_PAIRS else (ways, others)


def _combined(ways: list[_Way], others: list[_Way], max_wildcards: int) -> list[_Way]:
    return [
        (wildcards + more, saved + also, cost + extra, (stems, further) if stems and further else stems or further)
        for wildcards, saved, cost, stems in ways
        for more, also, extra, further in others
        if wildcards + more <= max_wildcards
    ]


def _kept(ways: list[_Way], surplus: int, least: list[int]) -> list[_Way]:
    """Return, cheapest first, the ways that save enough and more than any cheaper one with no more wildcards.

    Savings beyond the surplus count for nothing but what they take off the cost.
    """
    kept: list[_Way] = []
    enough = least.copy()
    for way in sorted(ways, key=_COST):
        wildcards = way[0]
        saved = min(way[1], surplus)
        if saved >= enough[wildcards]:
            kept.append(way)
            while wildcards < len(enough) and enough[wildcards] <= saved:
                enough[wildcards] = saved + 1
                wildcards += 1
    return kept


def _hull(ways: list[_Way]) -> list[_Way]:
    """Return, for each number of wildcards, the ways on the lower convex hull of cost over savings."""
    hulls: dict[int, list[_Way]] = {}
    for way in ways:
        hull = hulls.setdefault(way[0], [])
        while len(hull) > 1 and _bends_down(hull[-2], hull[-1], way):
            hull.pop()
        hull.append(way)
    return [way for hull in hulls.values() for way in hull]


def _bends_down(first: _Way, second: _Way, third: _Way) -> bool:
    return (second[1] - first[1]) * (third[2] - first[2]) <= (third[1] - first[1]) * (second[2] - first[2])


def _flat(stems: _Stems) -> list[str]:
    """Return the stems of nested pairs. A loop, for the nesting can be deeper than Python's stack."""
    found: list[str] = []
    pending = [stems]
    while pending:
        part = pending.pop()
        if isinstance(part, str):
            found.append(part)
        elif part:
            pending += part
    return found
