"""The objects that did not change → how many of them a wildcard would evict for nothing."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from purgemap.planning.coverage import partition_items
from purgemap.planning.prefixes import prefix_range, shared_length


class Listing:
    """What is known of the site: every unchanged object, by all of its encoded viewer spellings."""

    def __init__(self, objects: Iterable[Sequence[str]]) -> None:
        spelled = [sorted(set(spellings)) for spellings in objects]
        owned = sorted((spelling, owner) for owner, spellings in enumerate(spelled) for spelling in spellings)
        self._spellings = [spelling for spelling, _ in owned]
        self._owners = [owner for _, owner in owned]
        # An object with k spellings under a prefix has k-1 neighbouring pairs of them whose common start is
        # under it as well: subtracting the pairs counts the object once, without a look at the objects.
        self._shared = sorted(
            first[: shared_length(first, second)] for spellings in spelled for first, second in pairwise(spellings)
        )

    def collateral(self, prefix: str) -> int:
        """Return how many unchanged objects have a spelling that starts with `prefix`, in O(log n)."""
        low, high = prefix_range(self._spellings, prefix)
        shared_low, shared_high = prefix_range(self._shared, prefix)
        return high - low - (shared_high - shared_low)

    def owners(self, prefix: str) -> list[int]:
        """Return the unchanged objects under `prefix` by their place in the listing, once per spelling."""
        low, high = prefix_range(self._spellings, prefix)
        return self._owners[low:high]


def collateral(items: Iterable[str], listing: Listing) -> int:
    """Return how many unchanged objects the wildcards among the items evict, each object counted once."""
    _, _, stems = partition_items(items)
    return len({owner for stem in stems for owner in listing.owners(stem)})
