"""Items and their scopes → whether the planner may make a wildcard at a stem."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import groupby, repeat

from purgemap.planning.coverage import drop_nested
from purgemap.planning.prefixes import end_of
from purgemap.planning.trie import longest_stem

_ALLOWS_NONE = 1 << 30  # the scope's length of an item without a scope, or outside its own


class Scopes:
    """The scopes of the sorted items; an item without one, or outside its own, allows no wildcard.

    All items of a branch begin with its stem, so the length of a scope decides whether the stem rises above it.
    """

    def __init__(self, items: Sequence[str], scopes: Mapping[str, str | None]) -> None:
        self._items = items
        self._scopes = scopes

    def widest(self) -> Iterator[tuple[str, int, int]]:
        """Yield the scopes that lie under no other, each with its range of items, at least two."""
        scopes = drop_nested(self._distinct)
        items = self._items
        starts = [*map(bisect_left, repeat(items), scopes), len(items)]
        ranges = [each for each in zip(scopes, starts, starts[1:], strict=False) if each[2] - each[1] > 1]
        for scope, low, end in ranges:
            high = end if items[end - 1].startswith(scope) else end_of(items, scope, low, end)
            if high - low > 1:
                yield scope, low, high

    def allow(self, stem: str, low: int, high: int) -> bool:
        """Return whether a wildcard at `stem` may be made to cover the items low ≤ i < high, in O(log n).

        It is made for those of them whose scope it doesn't rise above, for two at least (one is sent itself),
        and it is as long as they let it be. What else it covers needn't be sent then, but is no reason for it.
        """
        if self._length(self._items[low]) <= len(stem) >= self._length(self._items[high - 1]):
            return True
        if len(stem) < self._shortest:
            return False
        first, last = self._runs.ends(len(stem), low, high)
        return first < last and stem == longest_stem(self._items, first, last, len(stem))

    @cached_property
    def _shortest(self) -> int:
        return min((len(scope) for scope in self._distinct), default=_ALLOWS_NONE)

    @cached_property
    def _distinct(self) -> set[str]:
        return {scope for scope in set(self._scopes.values()) if scope is not None}

    def _length(self, item: str) -> int:
        scope = self._scopes[item]
        return len(scope) if scope is not None and item.startswith(scope) else _ALLOWS_NONE

    @cached_property
    def _runs(self) -> "_Runs":
        return _Runs([*map(self._length, self._items)])


class _Runs:
    """Runs of items whose scopes are equally long. Only plans of mixed scopes look at them."""

    def __init__(self, lengths: Sequence[int]) -> None:
        self._starts: list[int] = []
        self._lengths: list[int] = []
        for length, run in groupby(range(len(lengths)), lengths.__getitem__):
            self._starts.append(next(run))
            self._lengths.append(length)
        self._shortest = [self._lengths]  # for each power of two, the shortest of as many runs from each run on
        while (width := 1 << len(self._shortest)) <= len(self._lengths):
            row = self._shortest[-1]
            self._shortest.append([*map(min, row, row[width // 2 :])])

    def ends(self, length: int, low: int, high: int) -> tuple[int, int]:
        """Return the first and the last of the items whose scopes have at most `length` characters."""
        start, end = bisect_right(self._starts, low) - 1, bisect_left(self._starts, high)
        first = self._first(length, start, end)
        if first == end:
            return high, low
        last = self._last(length, first, end)
        return max(low, self._starts[first]), (high if last == end - 1 else self._starts[last + 1]) - 1

    def _first(self, length: int, first: int, end: int) -> int:
        """Return the first run with scopes of at most `length` characters; `end` if there is none."""
        if self._lengths[first] > length:
            for power in range((end - first).bit_length() - 1, -1, -1):
                if first + (1 << power) <= end and self._shortest[power][first] > length:
                    first += 1 << power
        return first

    def _last(self, length: int, first: int, end: int) -> int:
        """Return the last run with scopes of at most `length` characters; the run `first` is one."""
        if self._lengths[end - 1] > length:
            for power in range((end - first).bit_length() - 1, -1, -1):
                if end - (1 << power) > first and self._shortest[power][end - (1 << power)] > length:
                    end -= 1 << power
        return end - 1
