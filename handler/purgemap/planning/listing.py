"""The unchanged objects of a site, and how many of them a wildcard evicts."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from purgemap.planning.coverage import partition_items
from purgemap.planning.prefixes import prefix_range, shared_length


class Listing:
    """Every unchanged object of a site, by all of its encoded viewer paths."""

    def __init__(self, objects: Iterable[Sequence[str]]) -> None:
        paths_by_object = [sorted(set(paths)) for paths in objects]
        owned_paths = sorted((path, owner) for owner, paths in enumerate(paths_by_object) for path in paths)
        self._paths = [path for path, _ in owned_paths]
        self._owners = [owner for _, owner in owned_paths]
        # An object with k paths under a prefix has k-1 neighbouring pairs of them whose common prefix is under it as
        # well. Subtracting the pairs counts the object once, in O(log n).
        self._shared = sorted(
            path[: shared_length(path, next_path)] for paths in paths_by_object for path, next_path in pairwise(paths)
        )

    def collateral(self, prefix: str) -> int:
        """Return how many unchanged objects have a path that starts with `prefix`, in O(log n)."""
        low, high = prefix_range(self._paths, prefix)
        shared_low, shared_high = prefix_range(self._shared, prefix)
        return high - low - (shared_high - shared_low)

    def owners(self, prefix: str) -> list[int]:
        """Return the index of the unchanged object of each path under `prefix`."""
        low, high = prefix_range(self._paths, prefix)
        return self._owners[low:high]


def collateral(items: Iterable[str], listing: Listing) -> int:
    """Return how many unchanged objects the wildcards among the items evict, each object counted once."""
    _, _, stems = partition_items(items)
    return len({owner for stem in stems for owner in listing.owners(stem)})
