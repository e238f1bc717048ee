"""The invalidations of a distribution as CloudFront lists them, and the paths that they spent in 24 hours."""

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from operator import itemgetter
from typing import NamedTuple, Protocol, TypeVar

from purgemap.planning import is_wildcard
from purgemap.routemap import Distribution

DAY_SECONDS = 24 * 3600

# Items matter only while the same wildcard may be due again: 15 minutes, doubled for late messages.
REMEMBER_ITEMS_SECONDS = 1_800

# A page lists 100 invalidations, so these are more than a daily budget of 5,000 paths allows.
MAX_PAGES = 60

_Value = TypeVar("_Value")


class ListedInvalidation(NamedTuple):
    """An invalidation in a list; `created` is in seconds since the epoch."""

    id: str
    created: float


class InvalidationPage(NamedTuple):
    """A page of invalidations, newest first; `marker` leads to the next page, "" after the last."""

    invalidations: Sequence[ListedInvalidation]
    marker: str


class InvalidationHistory(Protocol):
    """The two reads of the invalidations of a distribution or tenant; both raise PurgemapError."""

    def list_page(self, distribution: Distribution, marker: str) -> InvalidationPage:
        """List the page at a marker, "" for the first page."""

    def read_items(self, distribution: Distribution, invalidation: str) -> tuple[str, ...]:
        """Read the items of an invalidation; each is billed as a path."""


class Spending:
    """The known invalidations of one distribution.

    A list shows ids and times. The paths of an invalidation are known if this function sent it or has read it.
    """

    def __init__(self) -> None:
        self._created_by_id: dict[str, float] = {}
        self._paths_by_id: dict[str, int] = {}
        self._items_by_id: dict[str, tuple[str, ...]] = {}
        self._listed_ids: set[str] = set()
        self._is_listed_whole = False

    def record(self, invalidation: str, items: tuple[str, ...], created: float) -> None:
        """Record the items of an invalidation. A time that CloudFront has listed takes precedence over `created`."""
        self._created_by_id.setdefault(invalidation, created)
        self._paths_by_id[invalidation] = len(items)
        self._items_by_id[invalidation] = items

    def record_items(self, invalidation: str, items: tuple[str, ...]) -> None:
        """Record the items of a listed invalidation."""
        self.record(invalidation, items, self._created_by_id[invalidation])

    def list_new(
        self, list_page: Callable[[str], InvalidationPage], since: float, has_time: Callable[[], bool]
    ) -> None:
        """List the invalidations since a time, newest first, until one is known or the time runs out."""
        known = self._listed_ids.copy() if self._is_listed_whole else set[str]()
        self._is_listed_whole = False
        marker = ""
        for _ in range(MAX_PAGES):
            page = list_page(marker)
            self._created_by_id.update(
                (listed.id, listed.created) for listed in page.invalidations if listed.created > since
            )
            self._listed_ids.update(listed.id for listed in page.invalidations)
            marker = page.marker
            is_old = any(listed.created <= since or listed.id in known for listed in page.invalidations)
            self._is_listed_whole = is_old or not marker
            if self._is_listed_whole or not has_time():
                return

    def forget(self, now: float) -> None:
        """Forget invalidations older than a day, and items that are no longer needed."""
        self._created_by_id = {
            id_: created for id_, created in self._created_by_id.items() if created > now - DAY_SECONDS
        }
        self._paths_by_id = _select(self._paths_by_id, self._created_by_id)
        self._items_by_id = _select(self._items_by_id, self._ids_since(now - REMEMBER_ITEMS_SECONDS))
        self._listed_ids.intersection_update(self._created_by_id)

    @property
    def has_unread(self) -> bool:
        """Whether the paths of a listed invalidation are unknown."""
        return len(self._paths_by_id) < len(self._created_by_id)

    def paths(self) -> int:
        """Count the paths of the day. An unread invalidation counts as the larger of its nearest read neighbours.

        A function that has just started therefore waits some seconds rather than spend the budget a second time.
        """
        if not self.has_unread:
            return sum(self._paths_by_id.values())
        by_time = sorted(self._created_by_id.items(), key=itemgetter(1))
        known = [self._paths_by_id.get(id_) for id_, _ in by_time]
        before, after = [*_fill_gaps(known)], [*_fill_gaps(reversed(known))]
        return sum(map(max, before, reversed(after)))

    def max_paths(self) -> int:
        """Count the paths of the day, with each unread invalidation as large as the largest read one."""
        known = self._paths_by_id.values()
        return sum(known) + (len(self._created_by_id) - len(known)) * max(known, default=1)

    def unread_ids(self, since: float, limit: int) -> list[str]:
        """Choose invalidations to read: the newest since a time, and as many spread over the day before it."""
        by_time = sorted(self._created_by_id.items(), key=itemgetter(1))
        unread = [(id_, created) for id_, created in by_time if id_ not in self._paths_by_id]
        recent = [id_ for id_, created in reversed(unread) if created >= since]
        older = [id_ for id_, created in unread if created < since]
        newest = recent[: limit - min(len(older), limit // 2)]
        step = -(-len(older) // (limit - len(newest))) if len(newest) < limit else 1
        return [*newest, *older[:: max(1, step)][: limit - len(newest)]]

    def newest(self) -> float:
        """Return the creation time of the newest invalidation, -inf for none."""
        return max(self._created_by_id.values(), default=float("-inf"))

    def items_since(self, since: float) -> set[str]:
        """Return the known items of invalidations that CloudFront lists as created since a time.

        CloudFront answers a repeated request with its first invalidation, so an answer does not prove a new one.
        """
        listed = self._ids_since(since) & self._listed_ids
        return {item for id_ in listed for item in self._items_by_id.get(id_, ())}

    def has_wildcards_since(self, since: float) -> bool:
        """Return whether a known invalidation since a time contains a wildcard."""
        return any(is_wildcard(item) for id_ in self._ids_since(since) for item in self._items_by_id.get(id_, ()))

    def _ids_since(self, since: float) -> set[str]:
        return {id_ for id_, created in self._created_by_id.items() if created >= since}


def _select(values_by_id: dict[str, _Value], ids: Container[str]) -> dict[str, _Value]:
    return {id_: value for id_, value in values_by_id.items() if id_ in ids}


def _fill_gaps(values: Iterable[int | None]) -> Iterator[int]:
    """Replace each unknown value by the last known one; an invalidation has at least one path."""
    last = 1
    for value in values:
        last = last if value is None else value
        yield last
