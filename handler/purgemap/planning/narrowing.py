"""Wildcards that fit the budget → narrower ones that fit it as well: greedy, where an exact search takes too long.

A wildcard gives way to those at the next branches below it, or to some of them, and what these leave is sent itself.
Of all such moves the one goes first that spares most collateral for each path more.
"""

from collections.abc import Iterator, Sequence
from heapq import heappop, heappush
from typing import NamedTuple

from purgemap.planning.candidates import Candidates, Place, collateral_in
from purgemap.planning.requests import WidestPlan
from purgemap.planning.steps import STEPS_A_BRANCH, Steps
from purgemap.planning.trie import branches_below


class _Move(NamedTuple):
    """What it means to send narrower wildcards, and what they leave, in place of a wider one. The best sorts last."""

    rate: int  # collateral spared for each path more
    saved: int  # paths: negative
    wildcards: int  # more of them
    places: Sequence[Place]


def narrowed_stems(candidates: Candidates, widest: WidestPlan, max_wildcards: int, steps: Steps) -> list[str]:
    """Return stems that fit the budget as the widest ones do, and evict no more."""
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
        """Send the widest wildcard of a place. Out of steps it stays as it is."""
        self.stems.add(place.widest.stem)
        if place.widest.collateral and self._steps.left > 0:
            self._offer(place.widest.stem, sorted(self._moves_from(place)))

    def narrow(self, *, spare_paths: int, spare_wildcards: int) -> None:
        """Make the moves that there is room for."""
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
                self._offer(stem, moves)

    def _offer(self, stem: str, moves: list[_Move]) -> None:
        if moves:
            heappush(self._moves, (-moves[-1].rate, stem, moves))

    def _moves_from(self, place: Place) -> Iterator[_Move]:
        """Yield the moves that evict no more: to keep none of the wildcards below, or those that save most."""
        places = self._below(place)
        saved, wildcards, cost = -place.widest.saved, place.forced - 1, place.cost_of_widest
        for kept in range(len(places) + 1):
            if kept:
                saved += places[kept - 1].widest.saved
                wildcards -= places[kept - 1].forced - 1
                cost -= places[kept - 1].cost_of_widest
            spared = collateral_in(cost)
            if spared >= 0:
                yield _Move(spared // -saved, saved, wildcards, places[:kept])

    def _below(self, place: Place) -> list[Place]:
        """Return the next places below, those first whose widest wildcards save most."""
        if len(place.wildcards) > 1:
            return [self._candidates.narrower(place)]
        parts = branches_below(self._candidates.items, place.branch)
        self._steps.take(STEPS_A_BRANCH * (1 + len(parts)))
        places = filter(None, (self._candidates.place(part, place.branch.stem) for part in parts))
        return sorted(places, key=lambda each: -each.widest.saved)
