"""Greedy narrowing of a plan's wildcards, for plans that take the exact search too long.

A move replaces a wildcard by those at the next branches below it, or by some of them, and sends the other items
themselves. The move that spares most collateral for each extra path comes first.
"""

from collections.abc import Iterator, Sequence
from heapq import heappop, heappush
from typing import NamedTuple

from purgemap.planning.candidates import Candidates, Place, collateral_in
from purgemap.planning.requests import WidestPlan
from purgemap.planning.search import STEPS_PER_BRANCH, Steps
from purgemap.planning.trie import child_branches


class _Move(NamedTuple):
    """The replacement of a wildcard by narrower ones. The best sorts last."""

    rate: int  # collateral spared for each extra path
    saved: int  # paths: negative
    wildcards: int  # extra ones
    places: Sequence[Place]


def narrowed_stems(candidates: Candidates, widest: WidestPlan, max_wildcards: int, steps: Steps) -> list[str]:
    """Return sorted stems that fit the budget as the widest ones do, and evict no more."""
    narrowing = _Narrowing(candidates, steps)
    for place in widest.places:
        narrowing.add(place)
    narrowing.narrow(spare_paths=widest.spare_paths, spare_wildcards=max_wildcards - widest.wildcards)
    return sorted(narrowing.stems)


class _Narrowing:
    """The wildcards of a plan while they become narrower."""

    def __init__(self, candidates: Candidates, steps: Steps) -> None:
        self.stems: set[str] = set()
        self._candidates = candidates
        self._steps = steps
        self._moves: list[tuple[int, str, list[_Move]]] = []  # a heap: a stem's moves, by the rate of the best

    def add(self, place: Place) -> None:
        """Send the widest wildcard of a place. It is narrowed only while steps are left."""
        self.stems.add(place.widest.stem)
        if place.widest.collateral and self._steps.left > 0:
            self._push(place.widest.stem, sorted(self._moves_from(place)))

    def narrow(self, *, spare_paths: int, spare_wildcards: int) -> None:
        """Make the moves that the spare paths and wildcards allow."""
        while self._moves and spare_paths > 0:
            _, stem, moves = heappop(self._moves)
            _, saved, wildcards, places = moves.pop()
            if -saved <= spare_paths and wildcards <= spare_wildcards:
                spare_paths += saved
                spare_wildcards -= wildcards
                self.stems.remove(stem)
                for place in places:
                    self.add(place)
            else:
                self._push(stem, moves)

    def _push(self, stem: str, moves: list[_Move]) -> None:
        if moves:
            heappush(self._moves, (-moves[-1].rate, stem, moves))

    def _moves_from(self, place: Place) -> Iterator[_Move]:
        """Yield the moves that evict no more: to none of the wildcards below, or to those that save most."""
        places = self._places_below(place)
        saved, wildcards, cost = -place.widest.saved, place.forced - 1, place.cost_of_widest
        for count in range(len(places) + 1):
            if count:
                saved += places[count - 1].widest.saved
                wildcards -= places[count - 1].forced - 1
                cost -= places[count - 1].cost_of_widest
            spared = collateral_in(cost)
            if spared >= 0:
                yield _Move(spared // -saved, saved, wildcards, places[:count])

    def _places_below(self, place: Place) -> list[Place]:
        """Return the next places below, those whose widest wildcards save most first."""
        if len(place.wildcards) > 1:
            return [self._candidates.without_widest(place)]
        children = child_branches(self._candidates.items, place.branch)
        self._steps.take(STEPS_PER_BRANCH * (1 + len(children)))
        places = filter(None, (self._candidates.place_at(child, place.branch.stem) for child in children))
        return sorted(places, key=lambda place: -place.widest.saved)
