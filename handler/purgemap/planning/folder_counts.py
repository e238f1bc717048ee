"""Object counts per folder of a site: what a deployment knows of it, and an estimate of what a wildcard evicts.

A folder is an encoded viewer path that ends in a slash. It counts the objects directly in it. A key that ends in `/*`
counts all objects below a folder whose own folders were too many to count one by one. Counts only choose between
wildcards: whatever they say, every item is covered within its scope and the budgets.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import TypeAlias

from purgemap.planning.prefixes import end_of_prefix, prefix_range

FolderCounts: TypeAlias = Mapping[str, int]

ALL_BELOW = "*"
"""The end of a key that counts all objects below a folder."""


class CountedSite:
    """The unchanged objects of a site, estimated from its folder counts and the sorted items that changed."""

    def __init__(self, counts: FolderCounts, items: Sequence[str]) -> None:
        self._items = items
        self._counts = counts
        # The other items are more paths of the same objects, so they are no more changed objects.
        others = _other_paths(items)
        self._objects = [*accumulate((item not in others for item in items), initial=0)]
        changed = Counter(self._entry(folder_of(item)) for item in items if item not in others)
        # A folder that has no count is new since the deployment. Importing `statistics` would slow each start.
        unknown = sorted(counts.values())[(len(counts) - 1) // 2] if counts else 0
        self._entries = sorted(counts.keys() | changed.keys())
        # Each folder is limited by itself. Deleted objects, which no count includes, must not offset others' objects.
        unchanged = (max(0, counts.get(entry, unknown) - changed[entry]) for entry in self._entries)
        self._unchanged = [*accumulate(unchanged, initial=0)]
        self._changed = [*accumulate((changed[entry] for entry in self._entries), initial=0)]

    def collateral(self, prefix: str) -> int:
        """Return about how many unchanged objects have a path that starts with `prefix`, in O(log n)."""
        low, high = prefix_range(self._entries, prefix)
        below = self._unchanged[high] - self._unchanged[low]
        entry = self._entry(folder_of(prefix))
        index = bisect_left(self._entries, entry)
        if low <= index < high or index == len(self._entries) or self._entries[index] != entry:
            return below
        # The prefix ends within a name, or within a folder that counts all below it. Objects are as dense as changes.
        changed_in_entry = self._changed[index + 1] - self._changed[index]
        changed_below = self._changed[high] - self._changed[low]
        start = bisect_left(self._items, prefix)
        end = end_of_prefix(self._items, prefix, start, len(self._items))
        changed = self._objects[end] - self._objects[start] - changed_below
        return below + (self._unchanged[index + 1] - self._unchanged[index]) * changed // max(1, changed_in_entry)

    def _entry(self, folder: str) -> str:
        """Return the key of the count that includes the objects directly in a folder."""
        if folder in self._counts:
            return folder
        ancestor = folder
        while ancestor:
            if ancestor + ALL_BELOW in self._counts:
                return ancestor + ALL_BELOW
            ancestor = folder_of(ancestor[:-1])
        return folder


def folder_of(path: str) -> str:
    """Return a path up to its last slash."""
    return path[: path.rfind("/") + 1]


def _other_paths(items: Sequence[str]) -> set[str]:
    """Return the items that are not an object's own path: wildcards, index documents' folders, clean URLs."""
    known = set(items)
    return {item for item in items if item.endswith(("/", "*")) or f"{item}.html" in known or f"{item}/" in known}
