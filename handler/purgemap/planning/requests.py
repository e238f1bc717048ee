"""Candidates and the budget of one request → how many requests the items take, and wildcards that surely fit them."""

from collections.abc import Iterator
from heapq import heapify, heappop, heappush
from itertools import count, islice
from typing import NamedTuple, TypeAlias

from purgemap.planning.candidates import Candidates, Place
from purgemap.planning.trie import branch_at, branches_below

# How many paths a place saves, or a scope at most, negative; its first item; the scope or the place.
_Saving: TypeAlias = "tuple[int, int, str, Place | None]"


class Budget(NamedTuple):
    """What one request may hold: at most `paths` items, and among them at most `wildcards` wildcards."""

    paths: int
    wildcards: int


class WidestPlan(NamedTuple):
    """The plan of the fewest requests, whose wildcards are as wide as the scopes allow."""

    requests: int
    places: list[Place]
    wildcards: int  # forced ones that remain included
    spare_paths: int  # items that the requests have room for


def widest_plan(candidates: Candidates, budget: Budget, paths: int, forced: int) -> WidestPlan:
    """Return the widest plan of items that would be `paths` items, `forced` of them wildcards, if sent as they are.

    A wildcard that covers forced ones is free, of the others those come first that save most.
    """
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
    scopes = candidates.scopes.widest()
    if not candidates.has_forced:
        return free, _most_saving_first(candidates, [(low - high + 1, low, scope, None) for scope, low, high in scopes])
    others: list[_Saving] = []
    for scope, low, high in scopes:
        if candidates.forced(low, high)[0]:
            places = [*_topmost(candidates, scope, low, high)]
            free += (place for place in places if place.forced)
            others += (_saving(place) for place in places if not place.forced)
        else:
            others.append((low - high + 1, low, scope, None))
    return free, _most_saving_first(candidates, others)


def _most_saving_first(candidates: Candidates, savings: list[_Saving]) -> Iterator[Place]:
    """Yield places, those first that save most; a scope is looked into only when its turn comes."""
    heapify(savings)
    while savings:
        bound, low, scope, place = heappop(savings)
        if place:
            yield place
        else:
            for found in _topmost(candidates, scope, low, low + 1 - bound):
                heappush(savings, _saving(found))


def _saving(place: Place) -> _Saving:
    return -place.widest.saved, place.branch.low, "", place


def _topmost(candidates: Candidates, scope: str, low: int, high: int) -> Iterator[Place]:
    """Yield the highest places within a scope and its items at which the scopes allow a wildcard."""
    pending = [(branch_at(candidates.items, low, high, len(scope)), "")]
    while pending:
        branch, stem_above = pending.pop()
        place = candidates.place(branch, stem_above)
        if place:
            yield place
        else:
            pending += ((below, branch.stem) for below in branches_below(candidates.items, branch))
