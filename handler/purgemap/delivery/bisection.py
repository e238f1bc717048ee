"""A refused request → smaller ones, until the items that CloudFront refuses are found, and what may stand for them."""

from collections.abc import Mapping

# An InvalidArgument names no path; halving finds one among 64, and tries what may stand for it, in as many calls. So a
# larger request is first cut into pieces of that size: every search gets on, however many items a map lets go at once.
CALLS_TO_BISECT = 8
ITEMS_TO_BISECT = 64


class InvalidItemSearch:
    """How far the search for the refused ones of a job's items has come; `scopes` are the job's."""

    def __init__(self, scopes: Mapping[str, str | None]) -> None:
        self.invalid_items: set[str] = set()
        self.calls_left = CALLS_TO_BISECT
        self._scopes = scopes
        self._is_active = False
        self._refused_by_stand_in: dict[tuple[str, ...], set[str]] = {}

    def count_call(self) -> None:
        """Count a call, if there is anything to look for yet."""
        if self._is_active:
            self.calls_left -= 1

    def smaller(self, items: tuple[str, ...]) -> list[tuple[str, ...]]:
        """Return a refused request's pieces, or what may stand for its only item: its scope's wildcard or nothing."""
        self._is_active = True
        if items in self._refused_by_stand_in:
            self.invalid_items |= self._refused_by_stand_in[items]
            return []
        if len(items) > 1:
            size = min((len(items) + 1) // 2, ITEMS_TO_BISECT)
            return [items[start : start + size] for start in range(0, len(items), size)]
        return self._fallback_for(items[0])

    def _fallback_for(self, item: str) -> list[tuple[str, ...]]:
        scope = self._scopes.get(item)
        if scope is None or item.startswith("#") or item.endswith("*"):
            self.invalid_items.add(item)
            return []
        stand_in = (scope, f"{scope}*")
        is_new = stand_in not in self._refused_by_stand_in
        self._refused_by_stand_in.setdefault(stand_in, set()).add(item)
        return [stand_in] if is_new else []

    def replaced_items(self, items: tuple[str, ...]) -> tuple[str, ...]:
        """Return the refused items in whose place a request goes."""
        return tuple(sorted(self._refused_by_stand_in.get(items, ())))
