"""The fewest requests that the items take, with wildcards as wide as their scopes allow."""

from collections.abc import Iterator
from heapq import heapify, heappop, heappush
from itertools import count, islice
from typing import NamedTuple, TypeAlias

from purgemap.planning.budgets import Budget
from purgemap.planning.candidates import Candidates, Place
from purgemap.planning.trie import branch_at, child_branches

# The paths that a place saves, or a scope at most, negated; its first item; the scope, or the place.
_Saving: TypeAlias = "tuple[int, int, str, Place | None]"


class WidestPlan(NamedTuple):
    """The plan of the fewest requests, whose wildcards are as wide as the scopes allow."""

    requests: int
    places: list[Place]
    wildcards: int  # includes the forced ones that remain
    spare_paths: int  # items that the requests still have room for


def widest_plan(candidates: Candidates, budget: Budget, paths: int, forced: int) -> WidestPlan:
    """Return the widest plan of items that are `paths` items, `forced` of them wildcards, if sent as they are."""
    # A wildcard over forced ones is free. The others are taken by what they save, the largest first.
    places, others = _free_and_others(candidates)
    paths -= sum(place.widest.saved for place in places)
    wildcards = forced - sum(place.forced - 1 for place in places)
    for requests in count(1):
        for place in islice(others, max(0, requests * budget.wildcards - wildcards)):
            places.append(place)
            paths -= place.widest.saved
            wildcards += 1
        if wildcards <= requests * budget.wildcards and paths <= requests * budget.paths:
            break
    return WidestPlan(requests, places, wildcards, requests * budget.paths - paths)


def _free_and_others(candidates: Candidates) -> tuple[list[Place], Iterator[Place]]:
    """Return the highest places at which the scopes allow a wildcard: those over forced ones, and the others."""
    free: list[Place] = []
    others: list[_Saving] = []
    for scope, low, high in candidates.scopes.widest():
        if candidates.has_forced and candidates.forced_within(low, high)[0]:
            places = [*_topmost(candidates, scope, low, high)]
            free += (place for place in places if place.forced)
            others += (_saving(place) for place in places if not place.forced)
        else:
            others.append((low - high + 1, low, scope, None))
    return free, _most_saving_first(candidates, others)


def _most_saving_first(candidates: Candidates, savings: list[_Saving]) -> Iterator[Place]:
    """Yield places, those that save most first; the places of a scope are searched only at its turn."""
    heapify(savings)
    while savings:
        bound, low, scope, place = heappop(savings)
        if place:
            yield place
        else:
            for topmost in _topmost(candidates, scope, low, low + 1 - bound):
                heappush(savings, _saving(topmost))


def _saving(place: Place) -> _Saving:
    return -place.widest.saved, place.branch.low, "", place


def _topmost(candidates: Candidates, scope: str, low: int, high: int) -> Iterator[Place]:
    """Yield the highest places within a scope and its items at which the scopes allow a wildcard."""
    pending = [(branch_at(candidates.items, low, high, len(scope)), "")]
    while pending:
        branch, stem_above = pending.pop()
        place = candidates.place_at(branch, stem_above)
        if place:
            yield place
        else:
            pending += ((child, branch.stem) for child in child_branches(candidates.items, branch))
