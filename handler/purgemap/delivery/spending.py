"""The invalidations of one distribution in the last 24 hours → the paths that it has spent."""

from collections.abc import Callable, Container, Iterable, Iterator
from operator import itemgetter
from typing import TypeVar

from purgemap.delivery.history import InvalidationPage
from purgemap.planning import is_wildcard

SECONDS_OF_A_DAY = 24 * 3600

# Items matter only while the same wildcard may be due again: a quarter of an hour, twice for what comes late.
SECONDS_TO_REMEMBER_ITEMS = 1_800

# A page holds a hundred, so this is more than a day's budget of 5,000 paths can pay for.
MAX_PAGES = 60

_Value = TypeVar("_Value")


class Spending:
    """What is known of one distribution's invalidations.

    A list shows ids and times. How many paths an invalidation has is known once it was sent from here or read.
    """

    def __init__(self) -> None:
        self._created_by_id: dict[str, float] = {}
        self._paths_by_id: dict[str, int] = {}
        self._items_by_id: dict[str, tuple[str, ...]] = {}
        self._listed_ids: set[str] = set()
        self._is_listed_whole = False

    def record(self, invalidation: str, items: tuple[str, ...], created: float) -> None:
        """Record what an invalidation holds; its time may be known from a list, which is CloudFront's own."""
        self._created_by_id.setdefault(invalidation, created)
        self._paths_by_id[invalidation] = len(items)
        self._items_by_id[invalidation] = items

    def record_items(self, invalidation: str, items: tuple[str, ...]) -> None:
        """Record what a listed invalidation holds."""
        self.record(invalidation, items, self._created_by_id[invalidation])

    def list_new(
        self, list_page: Callable[[str], InvalidationPage], since: float, has_time: Callable[[], bool]
    ) -> None:
        """List invalidations from the newest one on, as far back as they are new and as there is time."""
        known = self._listed_ids.copy() if self._is_listed_whole else set[str]()
        self._is_listed_whole = False
        marker = ""
        for _ in range(MAX_PAGES):
            page = list_page(marker)
            self._created_by_id.update((each.id, each.created) for each in page.invalidations if each.created > since)
            self._listed_ids.update(each.id for each in page.invalidations)
            marker = page.marker
            is_old = any(each.created <= since or each.id in known for each in page.invalidations)
            self._is_listed_whole = is_old or not marker
            if self._is_listed_whole or not has_time():
                return

    def forget(self, now: float) -> None:
        """Forget what is older than a day, and items that are too old to matter."""
        self._created_by_id = {
            id_: created for id_, created in self._created_by_id.items() if created > now - SECONDS_OF_A_DAY
        }
        self._paths_by_id = _select(self._paths_by_id, self._created_by_id)
        self._items_by_id = _select(self._items_by_id, self._ids_since(now - SECONDS_TO_REMEMBER_ITEMS))
        self._listed_ids.intersection_update(self._created_by_id)

    @property
    def has_unread(self) -> bool:
        """Whether invalidations are listed whose paths are not known."""
        return len(self._paths_by_id) < len(self._created_by_id)

    def paths(self) -> int:
        """Count the paths of the day; an unread invalidation counts as the larger of its neighbours that are read.

        So a function that has just started holds back for some seconds rather than spend the budget a second time.
        """
        if not self.has_unread:
            return sum(self._paths_by_id.values())
        by_time = sorted(self._created_by_id.items(), key=itemgetter(1))
        known = [self._paths_by_id.get(id_) for id_, _ in by_time]
        before, after = [*_fill_gaps(known)], [*_fill_gaps(reversed(known))]
        return sum(map(max, before, reversed(after)))

    def most_paths(self) -> int:
        """Count the paths of the day as if each unread invalidation were as large as the largest that is read."""
        known = self._paths_by_id.values()
        return sum(known) + (len(self._created_by_id) - len(known)) * max(known, default=1)

    def unread_ids(self, since: float, limit: int) -> list[str]:
        """Choose invalidations to read: the newest, and as many from all over the day before `since`."""
        by_time = sorted(self._created_by_id.items(), key=itemgetter(1))
        unread = [(id_, created) for id_, created in by_time if id_ not in self._paths_by_id]
        recent = [id_ for id_, created in reversed(unread) if created >= since]
        older = [id_ for id_, created in unread if created < since]
        newest = recent[: limit - min(len(older), limit // 2)]
        step = -(-len(older) // (limit - len(newest))) if len(newest) < limit else 1
        return [*newest, *older[:: max(1, step)][: limit - len(newest)]]

    def newest(self) -> float:
        """Return when the newest invalidation was created, -inf for none."""
        return max(self._created_by_id.values(), default=float("-inf"))

    def items_since(self, since: float) -> set[str]:
        """Return the items of what CloudFront itself lists as created since a time, as far as they are known.

        A repeated request is answered with the invalidation that it once made, so an answer proves nothing new.
        """
        listed = self._ids_since(since) & self._listed_ids
        return {item for id_ in listed for item in self._items_by_id.get(id_, ())}

    def has_wildcards_since(self, since: float) -> bool:
        """Return whether an invalidation of a time, or after it, is known to hold a wildcard."""
        return any(is_wildcard(item) for id_ in self._ids_since(since) for item in self._items_by_id.get(id_, ()))

    def _ids_since(self, since: float) -> set[str]:
        return {id_ for id_, created in self._created_by_id.items() if created >= since}


def _select(values_by_id: dict[str, _Value], ids: Container[str]) -> dict[str, _Value]:
    return {id_: value for id_, value in values_by_id.items() if id_ in ids}


def _fill_gaps(values: Iterable[int | None]) -> Iterator[int]:
    """Put the last known value in place of each that is not known; an invalidation has at least one path."""
    last = 1
    for value in values:
        last = last if value is None else value
        yield last
