"""Sorted items and what is known of the site → the wildcards worth a thought, each with what it saves and evicts."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple

from purgemap.planning.listing import Listing
from purgemap.planning.prefixes import legal_length
from purgemap.planning.scopes import Scopes
from purgemap.planning.trie import Branch, longest_stem

# Without a listing a wildcard is guessed to evict in proportion to the changes that it covers, and a third as much
# with each folder that it lies deeper: where much changed little is left, and a high folder is wide. Bases of 2 to 8
# choose alike on real deploys, and growing slower than the changes covered costs some of them their whole site. On 235
# deploys of twelve public sites the guess evicts 1.4 times what a listing would. From the sixteenth slash on it stays
# the same.
_BASE = 3
_DEEPEST = 16

# A cost compares as (collateral, paths, wildcards, shortness of the stems) and adds up: one integer whose fields
# can't overflow into each other at a million items. Adding tuples took four times as long.
_WILDCARD = 1 << 32
_PATH = 1 << 52
_COLLATERAL = 1 << 72
_LONGEST = 4096


class Wildcard(NamedTuple):
    """One wildcard of the planner, against sending what it covers."""

    stem: str
    saved: int  # paths
    collateral: int  # unchanged objects, counted or guessed: comparable within one plan only

    @property
    def cost(self) -> int:
        """How it compares with other wildcards of the plan, lowest first; costs of several add up."""
        return self.collateral * _COLLATERAL - self.saved * _PATH + _WILDCARD + _LONGEST - len(self.stem)


class Candidates:
    """The wildcards that may stand at the branches of the items."""

    def __init__(
        self,
        items: Sequence[str],
        scopes: Mapping[str, str | None],
        *,
        asked: Sequence[str],
        listing: Listing | None,
    ) -> None:
        self.items = items
        self._scopes = Scopes(items, scopes)
        self._listing = listing
        self._asked = [bisect_left(items, f"{stem}*") for stem in asked]
        costs = (self._wildcard(stem, 1).cost for stem in asked)
        self._asked_costs = list(accumulate(costs, initial=0))

    def at(self, branch: Branch, above: str) -> list[Wildcard]:
        """Return the wildcards that may stand at a branch, given the stem of the branch above it.

        Where the stem P is itself an item there are two: `P*`, beside which P is sent, and the next shorter one,
        which covers P too.
        """
        low, high, stem, _ = branch
        if self.items[low] != stem:
            return self._allowed(stem, low, high)
        shorter = stem[: legal_length(stem[:-1])]
        found = self._allowed(shorter, low, high) if len(shorter) > len(above) else []
        extended = high - low - 1
        if extended > 1 and longest_stem(self.items, low + 1, high - 1) == stem:
            found += self._allowed(stem, low + 1, high)
        return found

    def asked(self, low: int, high: int) -> tuple[int, int]:
        """Return how many of the items low ≤ i < high somebody asked for as wildcards, and their cost."""
        start, end = bisect_left(self._asked, low), bisect_left(self._asked, high)
        return end - start, self._asked_costs[end] - self._asked_costs[start]

    def _allowed(self, stem: str, low: int, high: int) -> list[Wildcard]:
        return [self._wildcard(stem, high - low)] if self._scopes.allow(stem, low, high) else []

    def _wildcard(self, stem: str, covered: int) -> Wildcard:
        if self._listing:
            return Wildcard(stem, covered - 1, self._listing.collateral(stem))
        return Wildcard(stem, covered - 1, covered * _BASE ** max(0, _DEEPEST - stem.count("/")))
