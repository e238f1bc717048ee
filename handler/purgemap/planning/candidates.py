"""Candidate wildcards for sorted items, each with what it saves and evicts."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple

from purgemap.planning.folder_counts import CountedSite
from purgemap.planning.listing import Listing
from purgemap.planning.scopes import Scopes
from purgemap.planning.trie import Branch, longest_stem
from purgemap.text import length_at_character_boundary

# Without a listing, estimate collateral as covered * 3^(16 - depth): proportional to the changes covered, and three
# times less per folder level. Bases of 2 to 8 choose alike on real deploys. An estimate that grows slower than the
# changes covered evicts the whole site in some of them. On 235 deploys of twelve public sites this estimate evicts 1.4
# times what a listing would.
_BASE = 3
_MAX_DEPTH = 16
_ESTIMATES: tuple[int, ...] = tuple(_BASE ** (_MAX_DEPTH - depth) for depth in range(_MAX_DEPTH + 1))

# A cost compares as (collateral, paths, wildcards, shortness of the stems) and adds up. It is one integer whose fields
# can't overflow into each other at a million items: adding tuples took four times as long.
_WILDCARD = 1 << 32
_PATH = 1 << 52
_COLLATERAL = 1 << 72
_MAX_STEM_LENGTH = 4096


class Wildcard(NamedTuple):
    """One wildcard of the planner, compared with sending what it covers."""

    stem: str
    saved: int  # paths
    collateral: int  # unchanged objects, counted or estimated: comparable within one plan only

    @property
    def cost(self) -> int:
        """The cost to compare with other wildcards of the plan; the costs of several add up."""
        return self.collateral * _COLLATERAL - self.saved * _PATH + _WILDCARD + _MAX_STEM_LENGTH - len(self.stem)


def cost_of_collateral(collateral: int) -> int:
    """Return the cost of collateral, without that of the wildcards and paths."""
    return collateral * _COLLATERAL


def collateral_in(cost: int) -> int:
    """Return the collateral in a cost, or in a difference of costs."""
    return (cost + _COLLATERAL // 2) // _COLLATERAL


class Place(NamedTuple):
    """A branch with its candidate wildcards, and the forced wildcards that the widest one replaces."""

    branch: Branch
    wildcards: list[Wildcard]  # the widest first
    forced: int  # forced wildcards under the widest one
    cost_forced: int  # their cost

    @property
    def widest(self) -> Wildcard:
        """The wildcard that covers most."""
        return self.wildcards[0]

    @property
    def cost_of_widest(self) -> int:
        """The cost of the widest wildcard above that of the forced ones that it replaces."""
        return self.widest.cost - self.cost_forced


class Candidates:
    """The candidate wildcards at the branches of the items.

    A wildcard is forced if it is an item itself: the map has it, or a `~` in a key requires it.
    """

    def __init__(
        self,
        items: Sequence[str],
        scopes: Mapping[str, str | None],
        *,
        forced: Sequence[str],
        listing: Listing | CountedSite | None,
    ) -> None:
        self.items = items
        self.scopes = Scopes(items, scopes)
        self._listing = listing
        self.is_estimated = listing is None
        self.has_forced = bool(forced)
        self._forced = [bisect_left(items, f"{stem}*") for stem in forced]
        # Without a listing a forced wildcard is estimated to evict only changed objects.
        costs = (Wildcard(stem, 0, listing.collateral(stem) if listing else 0).cost for stem in forced)
        self._forced_costs = list(accumulate(costs, initial=0))

    def wildcards_at(self, branch: Branch, stem_above: str) -> list[Wildcard]:
        """Return the candidates at a branch, given the stem of the branch above it.

        If the stem P is an item itself there are two: `P*`, beside which P is sent, and the next shorter one, which
        covers P too.
        """
        low, high, stem, _ = branch
        if self.items[low] != stem:
            return self._allowed(stem, low, high)
        shorter = stem[: length_at_character_boundary(stem[:-1])]
        wildcards = self._allowed(shorter, low, high) if len(shorter) > len(stem_above) else []
        extended = high - low - 1
        if extended > 1 and longest_stem(self.items, low + 1, high - 1, len(stem)) == stem:
            wildcards += self._allowed(stem, low + 1, high)
        return wildcards

    def place_at(self, branch: Branch, stem_above: str) -> Place | None:
        """Return the candidates at a branch with what they replace; None if there are none."""
        wildcards = self.wildcards_at(branch, stem_above)
        return Place(branch, wildcards, *self.forced_within(branch.low, branch.high)) if wildcards else None

    def without_widest(self, place: Place) -> Place:
        """Return a place without its widest wildcard."""
        branch, (_, *wildcards), _, _ = place
        return Place(branch, wildcards, *self.forced_within(branch.high - wildcards[0].saved - 1, branch.high))

    def least_collateral_of_item(self, branches: Iterable[Branch]) -> int:
        """Return the least collateral that is estimated for an item which a wildcard covers at or below branches."""
        deepest = 0
        for low, high, stem, _ in branches:
            depths = sorted([item.count("/", 0, -1) for item in self.items[low:high]])
            # A wildcard covers two items, and its stem is shorter than both.
            if depths[-2] > deepest:
                # Neighbours share the longest stems.
                stems = [longest_stem(self.items, index, index + 1, len(stem)) for index in range(low, high - 1)]
                deepest = max(deepest, *(stem.count("/") for stem in stems))
        return _ESTIMATES[min(deepest, _MAX_DEPTH)]

    def forced_within(self, low: int, high: int) -> tuple[int, int]:
        """Return how many of the items low ≤ i < high are forced wildcards, and their cost."""
        if not self._forced:
            return 0, 0
        start, end = bisect_left(self._forced, low), bisect_left(self._forced, high)
        return end - start, self._forced_costs[end] - self._forced_costs[start]

    def _allowed(self, stem: str, low: int, high: int) -> list[Wildcard]:
        if not self.scopes.allow(stem, low, high):
            return []
        if self._listing:
            return [Wildcard(stem, high - low - 1, self._listing.collateral(stem))]
        return [Wildcard(stem, high - low - 1, (high - low) * _ESTIMATES[min(stem.count("/"), _MAX_DEPTH)])]
