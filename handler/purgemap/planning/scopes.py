"""Items and their scopes → whether the planner may make a wildcard at a stem."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence

from purgemap.planning.trie import longest_stem


class Scopes:
    """The scopes of the sorted items; an item without one, or outside its own, allows no wildcard."""

    def __init__(self, items: Sequence[str], scopes: Mapping[str, str | None]) -> None:
        self._items = items
        self._places = _places_by_scope(items, scopes)
        self._lengths = sorted({len(scope) for scope in self._places})

    def allow(self, stem: str, low: int, high: int) -> bool:
        """Say whether a wildcard at `stem` may be made to cover the items low ≤ i < high.

        It is made for those of them whose scope it doesn't rise above, for two at least (one is sent itself),
        and it is as long as they let it be. What else it covers needn't be sent then, but is no reason for it.
        """
        first, last = high, low
        for length in self._lengths:
            places = self._places.get(stem[:length], ())
            start, end = bisect_left(places, low), bisect_left(places, high)
            if start < end:
                first, last = min(first, places[start]), max(last, places[end - 1])
        alone = (first, last) == (low, high - 1)
        return first < last and (alone or stem == longest_stem(self._items, first, last))


def _places_by_scope(items: Sequence[str], scopes: Mapping[str, str | None]) -> dict[str, Sequence[int]]:
    only, *others = set(scopes.values())
    if items and not others and only is not None and items[0].startswith(only) and items[-1].startswith(only):
        return {only: range(len(items))}  # nearly every plan: 100,000 items cost nothing
    places: dict[str, list[int]] = {}
    for place, item in enumerate(items):
        scope = scopes[item]
        if scope is not None and item.startswith(scope):
            places.setdefault(scope, []).append(place)
    return dict(places)
