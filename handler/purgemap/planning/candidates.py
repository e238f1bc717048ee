"""Sorted items and what is known of the site → the wildcards worth a thought, each with what it saves and evicts."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple

from purgemap.planning.listing import Listing
from purgemap.planning.prefixes import length_at_character_boundary
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


def collateral_in(cost: int) -> int:
    """Return the collateral in a cost, or in a difference of costs."""
    return (cost + _COLLATERAL // 2) // _COLLATERAL


class Place(NamedTuple):
    """A branch at which a wildcard may be, and what it replaces."""

    branch: Branch
    wildcards: list[Wildcard]  # the widest first
    forced: int  # forced wildcards under the widest one
    cost_forced: int  # and what they cost

    @property
    def widest(self) -> Wildcard:
        """The wildcard that covers most."""
        return self.wildcards[0]

    @property
    def cost_of_widest(self) -> int:
        """What the widest wildcard costs more than the forced ones that it replaces."""
        return self.widest.cost - self.cost_forced


class Candidates:
    """The wildcards that may stand at the branches of the items."""

    def __init__(
        self,
        items: Sequence[str],
        scopes: Mapping[str, str | None],
        *,
        forced: Sequence[str],
        listing: Listing | None,
    ) -> None:
        self.items = items
        self.scopes = Scopes(items, scopes)
        self._listing = listing
        self._forced = [bisect_left(items, f"{stem}*") for stem in forced]
        costs = (self._forced_wildcard(stem).cost for stem in forced)
        self._forced_costs = list(accumulate(costs, initial=0))

    @property
    def has_forced(self) -> bool:
        """Whether any of the items is a forced wildcard."""
        return bool(self._forced)

    def at(self, branch: Branch, above: str) -> list[Wildcard]:
        """Return the wildcards that may stand at a branch, given the stem of the branch above it.

        Where the stem P is itself an item there are two: `P*`, beside which P is sent, and the next shorter one,
        which covers P too.
        """
        low, high, stem, _ = branch
        if self.items[low] != stem:
            return self._allowed(stem, low, high)
        shorter = stem[: length_at_character_boundary(stem[:-1])]
        found = self._allowed(shorter, low, high) if len(shorter) > len(above) else []
        extended = high - low - 1
        if extended > 1 and longest_stem(self.items, low + 1, high - 1, len(stem)) == stem:
            found += self._allowed(stem, low + 1, high)
        return found

    def place(self, branch: Branch, above: str) -> Place | None:
        """Return the wildcards at a branch with what they replace; None if there are none."""
        wildcards = self.at(branch, above)
        return Place(branch, wildcards, *self.forced(branch.low, branch.high)) if wildcards else None

    def narrower(self, place: Place) -> Place:
        """Return a place without its widest wildcard."""
        branch, (_, *wildcards), _, _ = place
        return Place(branch, wildcards, *self.forced(branch.high - wildcards[0].saved - 1, branch.high))

    def forced(self, low: int, high: int) -> tuple[int, int]:
        """Return how many of the items low ≤ i < high are forced wildcards, and their cost."""
        if not self._forced:
            return 0, 0
        start, end = bisect_left(self._forced, low), bisect_left(self._forced, high)
        return end - start, self._forced_costs[end] - self._forced_costs[start]

    def _allowed(self, stem: str, low: int, high: int) -> list[Wildcard]:
        return [self._wildcard(stem, high - low)] if self.scopes.allow(stem, low, high) else []

    def _forced_wildcard(self, stem: str) -> Wildcard:
        """Return a wildcard that the map or a `~` forces. Without a listing it is guessed to evict nothing more."""
        return Wildcard(stem, 0, self._listing.collateral(stem) if self._listing else 0)

    def _wildcard(self, stem: str, covered: int) -> Wildcard:
        if self._listing:
            return Wildcard(stem, covered - 1, self._listing.collateral(stem))
        return Wildcard(stem, covered - 1, covered * _BASE ** max(0, _DEEPEST - stem.count("/")))
