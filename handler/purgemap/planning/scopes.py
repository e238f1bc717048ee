"""Scopes of items, and the wildcards that they allow."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import groupby, repeat

from purgemap.planning.coverage import drop_nested
from purgemap.planning.prefixes import end_of_prefix
from purgemap.planning.trie import longest_stem

_ALLOWS_NONE = 1 << 30  # the scope's length of an item without a scope, or outside its own


def cover_whole_scopes(scopes: Mapping[str, str | None]) -> set[str]:
    """Return one wildcard for each scope, and the items that no such wildcard covers.

    These have no scope (a literal path, a tag of a whole site), are outside of their scope, or equal it.
    """
    items = {covering for item, scope in scopes.items() for covering in _covering_items(item, scope)}
    tags = {item for item in items if item.startswith("#")}
    # Every page with any tag is under "/".
    return (items - tags) | {"/"} if tags and "/*" in items else items


def _covering_items(item: str, scope: str | None) -> Iterator[str]:
    # `P*` is not trusted to cover P.
    if scope is None or item == scope or not item.startswith((scope, "#")):
        yield item
        return
    yield f"{scope}*"
    if item.startswith("#"):
        # The scope's own page may have the tag.
        yield scope


class Scopes:
    """The scopes of the sorted items; an item without one, or outside its own, allows no wildcard.

    All items of a branch begin with its stem, so a scope's length shows whether the stem is inside it.
    """

    def __init__(self, items: Sequence[str], scopes: Mapping[str, str | None]) -> None:
        self._items = items
        self._scopes = scopes
        self._distinct = {scope for scope in set(scopes.values()) if scope is not None}
        self._min_length = min(map(len, self._distinct), default=_ALLOWS_NONE)

    def widest(self) -> Iterator[tuple[str, int, int]]:
        """Yield the scopes that are inside no other, each with its range of items, at least two."""
        scopes = drop_nested(self._distinct)
        items = self._items
        starts = [*map(bisect_left, repeat(items), scopes), len(items)]
        for scope, low, end in zip(scopes, starts, starts[1:], strict=False):
            if end - low > 1:
                high = end if items[end - 1].startswith(scope) else end_of_prefix(items, scope, low, end)
                if high - low > 1:
                    yield scope, low, high

    def allow(self, stem: str, low: int, high: int) -> bool:
        """Return whether a wildcard at `stem` may cover the items low ≤ i < high, in O(log n).

        Allowed if at least two of the items have a scope at or above `stem`, and `stem` is their longest common
        prefix. Other items may be covered, but do not justify the wildcard.
        """
        if self._length(self._items[low]) <= len(stem) >= self._length(self._items[high - 1]):
            return True
        if len(stem) < self._min_length:
            return False
        first, last = self._runs.ends(len(stem), low, high)
        return first < last and stem == longest_stem(self._items, first, last, len(stem))

    def _length(self, item: str) -> int:
        scope = self._scopes[item]
        return len(scope) if scope is not None and item.startswith(scope) else _ALLOWS_NONE

    @cached_property
    def _runs(self) -> "_Runs":
        return _Runs([*map(self._length, self._items)])


class _Runs:
    """Runs of items whose scopes are equally long. Only plans of mixed scopes need them."""

    def __init__(self, lengths: Sequence[int]) -> None:
        self._starts: list[int] = []
        self._lengths: list[int] = []
        for length, run in groupby(range(len(lengths)), lengths.__getitem__):
            self._starts.append(next(run))
            self._lengths.append(length)
        # A sparse table: row k holds the minimum of the 2^k runs from each run on.
        self._minima = [self._lengths]
        while (width := 1 << len(self._minima)) <= len(self._lengths):
            row = self._minima[-1]
            self._minima.append([*map(min, row, row[width // 2 :])])

    def ends(self, length: int, low: int, high: int) -> tuple[int, int]:
        """Return the first and the last of the items whose scopes have at most `length` characters."""
        start, end = bisect_right(self._starts, low) - 1, bisect_left(self._starts, high)
        first_run = self._first(length, start, end)
        if first_run == end:
            return high, low
        last_run = self._last(length, first_run, end)
        return max(low, self._starts[first_run]), (high if last_run == end - 1 else self._starts[last_run + 1]) - 1

    def _first(self, length: int, first: int, end: int) -> int:
        """Return the first run with scopes of at most `length` characters; `end` if there is none."""
        if self._lengths[first] > length:
            for power in range((end - first).bit_length() - 1, -1, -1):
                if first + (1 << power) <= end and self._minima[power][first] > length:
                    first += 1 << power
        return first

    def _last(self, length: int, first: int, end: int) -> int:
        """Return the last run with scopes of at most `length` characters; the run `first` is one."""
        if self._lengths[end - 1] > length:
            for power in range((end - first).bit_length() - 1, -1, -1):
                if end - (1 << power) > first and self._minima[power][end - (1 << power)] > length:
                    end -= 1 << power
        return end - 1
