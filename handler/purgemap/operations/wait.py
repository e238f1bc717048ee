"""Wait until every item of named objects is invalidated, after the object's last change, and completed.

Only times of AWS are compared: LastModified of S3, the date of S3's answers, and CreateTime of CloudFront.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple, Protocol

from purgemap.errors import PurgemapError
from purgemap.events import CREATED, ObjectChange
from purgemap.operations.needed_items import ItemCoverage, Need, counts_after
from purgemap.routemap import Distribution

if TYPE_CHECKING:  # loading it loads botocore, for which `purgemap check` must not wait
    from purgemap.aws.monitoring import InvalidationState, ObjectTime

_MAX_CONCURRENT_READS = 8


class Invalidations(Protocol):
    """The reads of the invalidations of a distribution or tenant; they raise PurgemapError."""

    def list_page(self, distribution: Distribution, marker: str) -> "tuple[Sequence[InvalidationState], str]":
        """List the page at a marker, newest first, and the next marker, "" after the last page."""

    def read_items(self, distribution: Distribution, invalidation: str) -> tuple[str, ...]:
        """Read the items of an invalidation."""

    def is_refusal(self, error: PurgemapError) -> bool:
        """Return whether no later read can succeed, because a permission or the distribution is missing."""


class WaitTimes(NamedTuple):
    """Seconds for the whole wait and between polls, and the clock. Tests pass others as click's `obj`."""

    timeout: float = 600
    # CloudFront completes most invalidations within 5 to 25 seconds.
    poll: float = 5
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], float] = time.monotonic


class ChangeTimes(NamedTuple):
    """For each change the time from which on an invalidation counts, and findings about objects without one.

    `at_start` are the changes that S3 has no time of, and that count as made at the start.
    """

    counts_from: Mapping[ObjectChange, float]
    at_start: tuple[ObjectChange, ...]
    errors: tuple[str, ...]


class WaitResult(NamedTuple):
    """The fresh and the missing items by distribution id, the last errors, and the seconds of the wait."""

    fresh: Mapping[str, list[str]]
    missing: Mapping[str, list[str]]
    errors: Mapping[str, str]
    seconds: float


def read_change_times(
    changes: Iterable[ObjectChange], read_time: "Callable[[str, str], ObjectTime]", since: float | None
) -> ChangeTimes:
    """Read from S3 when objects last changed.

    Where S3 does not know it, the object counts as changed at `since`, by default at S3's first answer.
    """
    changes = list(changes)
    objects = sorted({(change.bucket, change.key) for change in changes})
    with ThreadPoolExecutor(_MAX_CONCURRENT_READS) as pool:
        times = dict(zip(objects, pool.map(lambda name: read_time(*name), objects), strict=True))
    answers = [time.answered for time in times.values()]
    start = min(answers, default=0) if since is None else since
    # Deleting an object's newest version restores an older one, with its old time.
    known = {
        change: time
        for change in changes
        if change.event == CREATED and (time := times[change.bucket, change.key].modified) is not None
    }
    latest = {change: max(start, times[change.bucket, change.key].modified or 0) for change in changes}
    return ChangeTimes(
        {change: counts_after(time) for change, time in {**latest, **known}.items()},
        () if since is not None else tuple(change for change in changes if change not in known),
        tuple(
            f"s3://{bucket}/{key}: {times[bucket, key].error}" for bucket, key in objects if times[bucket, key].error
        ),
    )


def wait_until_fresh(
    needs: Iterable[Need], invalidations: Invalidations, times: WaitTimes, on_poll: Callable[[int, int], None]
) -> WaitResult:
    """Poll until every item is fresh, nothing more can be read, or the time is out.

    `on_poll` receives the numbers of fresh and of all items after each poll.
    """
    start = times.now()
    readers = [_CoverageReader(ItemCoverage(need), invalidations) for need in needs]
    total = sum(reader.coverage.total for reader in readers)
    with ThreadPoolExecutor(_MAX_CONCURRENT_READS) as pool:
        while waiting := [reader for reader in readers if reader.is_waiting]:
            for _ in pool.map(lambda reader: reader.poll(lambda: times.now() - start < times.timeout), waiting):
                pass
            on_poll(total - sum(len(reader.coverage.missing) for reader in readers), total)
            remaining = start + times.timeout - times.now()
            if remaining <= 0:
                break
            if any(reader.is_waiting for reader in waiting):
                times.sleep(min(times.poll, remaining))
    return WaitResult(
        {reader.id: fresh for reader in readers if (fresh := reader.coverage.fresh)},
        {reader.id: missing for reader in readers if (missing := reader.coverage.missing)},
        {reader.id: reader.error for reader in readers if reader.error},
        times.now() - start,
    )


class _CoverageReader:
    """Reads the invalidations of one distribution into its coverage."""

    def __init__(self, coverage: ItemCoverage, invalidations: Invalidations) -> None:
        self.coverage = coverage
        self.error = ""
        self._invalidations = invalidations
        self._added: set[str] = set()
        self._is_refused = False

    @property
    def id(self) -> str:
        """The id of the distribution."""
        return self.coverage.distribution.id

    @property
    def is_waiting(self) -> bool:
        """Whether another poll may find missing items."""
        return not self._is_refused and bool(self.coverage.missing)

    def poll(self, has_time: Callable[[], bool]) -> None:
        """Read the completed invalidations that are new, and the error of reading them."""
        try:
            self._read_pages(has_time)
            self.error = ""
        except PurgemapError as error:
            self.error = str(error)
            # Permissions do not change while a person waits; outages end.
            self._is_refused = self._invalidations.is_refusal(error)

    def _read_pages(self, has_time: Callable[[], bool]) -> None:
        marker = ""
        while self.coverage.missing:
            oldest = self.coverage.counts_from
            page, marker = self._invalidations.list_page(self.coverage.distribution, marker)
            for state in page:
                # A completed invalidation never changes, so it is read once.
                if state.is_completed and state.created >= oldest and state.id not in self._added:
                    items = self._invalidations.read_items(self.coverage.distribution, state.id)
                    self.coverage.add(items, state.created)
                    self._added.add(state.id)
            if not marker or page[-1].created < oldest or not has_time():
                return
