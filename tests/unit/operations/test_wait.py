"""The polls of `purgemap wait`: when they end, and what they read."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import pytest
from botocore.exceptions import ClientError

from purgemap.aws.monitoring import AwsInvalidations, InvalidationState, ObjectTime
from purgemap.errors import PurgemapError
from purgemap.events import ObjectChange
from purgemap.operations import WaitResult, WaitTimes, read_change_times, wait_until_fresh
from purgemap.operations.needed_items import Need
from purgemap.routemap import Distribution
from support.doubles.clock import Clock
from support.ids import E1, E2


class Invalidation(NamedTuple):
    id: str
    created: float
    items: tuple[str, ...]
    completes: float = 0


class InvalidationsDouble:
    """Invalidations of one distribution, newest first, two a page; they complete by a clock."""

    def __init__(self, clock: Clock, *invalidations: Invalidation, error: Exception | None = None) -> None:
        self.clock = clock
        self.invalidations = list(invalidations)
        self.error = error
        self.reads: Counter[str] = Counter()

    def list_page(self, distribution: Distribution, marker: str) -> tuple[Sequence[InvalidationState], str]:
        self.reads[f"page {marker}"] += 1
        if self.error and distribution.id == E2:
            raise PurgemapError(str(self.error)) from self.error
        start = int(marker or 0)
        page = [
            InvalidationState(each.id, each.created, each.completes <= self.clock())
            for each in self.invalidations[start : start + 2]
        ]
        return page, str(start + 2) if start + 2 < len(self.invalidations) else ""

    def read_items(self, distribution: Distribution, invalidation: str) -> tuple[str, ...]:
        del distribution
        self.reads[invalidation] += 1
        return next(each.items for each in self.invalidations if each.id == invalidation)

    def is_refusal(self, error: PurgemapError) -> bool:
        return AwsInvalidations.is_refusal(error)


def need(id_: str = E1, *items: str) -> Need:
    return Need(Distribution(id_), dict.fromkeys(items or ("/x",), 100.0), {})


def run(double: InvalidationsDouble, *needs: Need, timeout: float = 600) -> WaitResult:
    times = WaitTimes(timeout=timeout, poll=5, sleep=double.clock.advance, now=double.clock)
    return wait_until_fresh(needs, double, times, lambda _fresh, _total: None)


def test_wait_returns_within_one_poll_of_completion() -> None:
    clock = Clock(1_000)
    double = InvalidationsDouble(clock, Invalidation("I1", 900, ("/x",), completes=1_023))
    result = run(double, need())
    assert (result.missing, result.fresh, result.seconds) == ({}, {E1: ["/x"]}, 25)
    assert double.reads == {"page ": 6, "I1": 1}


def test_wait_names_missing_items_at_its_timeout() -> None:
    double = InvalidationsDouble(Clock(1_000), Invalidation("I1", 900, ("/x",)), Invalidation("I0", 99, ("/y",)))
    result = run(double, need(E1, "/x", "/y"), timeout=12)
    assert (result.fresh, result.missing, result.seconds) == ({E1: ["/x"]}, {E1: ["/y"]}, 12)
    assert double.reads == {"page ": 4, "I1": 1}


def test_wait_reads_no_page_after_the_oldest_change() -> None:
    old = [Invalidation(f"I{age}", 99 - age, ("/x",)) for age in range(10)]
    double = InvalidationsDouble(Clock(1_000), Invalidation("I", 100, ("/y",)), *old)
    run(double, need(), timeout=1)
    assert double.reads == {"page ": 2, "I": 1}


def test_wait_reads_further_pages_for_an_older_change() -> None:
    newer = [Invalidation(f"I{number}", 200, ("/y",)) for number in range(5)]
    double = InvalidationsDouble(Clock(1_000), *newer, Invalidation("I9", 150, ("/x",)))
    result = run(double, need())
    assert (result.missing, result.seconds) == ({}, 0)
    assert double.reads["I9"] == 1


def refusal(code: str, status: int) -> ClientError:
    answer = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "ListInvalidations")


def test_wait_gives_up_only_what_it_may_not_read() -> None:
    clock = Clock(1_000)
    double = InvalidationsDouble(
        clock, Invalidation("I1", 900, ("/x",), completes=1_007), error=refusal("AccessDenied", 403)
    )
    result = run(double, need(E1), need(E2))
    assert (result.fresh, result.missing, result.seconds) == ({E1: ["/x"]}, {E2: ["/x"]}, 10)
    assert "AccessDenied" in result.errors[E2]


def test_wait_polls_again_after_an_outage() -> None:
    double = InvalidationsDouble(Clock(1_000), error=refusal("ServiceUnavailable", 503))
    assert run(double, need(E2), timeout=20).seconds == 20


CHANGES = [ObjectChange("site", key, "created", "", "") for key in ("known", "gone", "secret")]
TIMES = {
    "known": ObjectTime(50.0, 1_001.0),
    "gone": ObjectTime(None, 1_000.0),
    "secret": ObjectTime(None, 1_002.0, "HeadObject: 403"),
}


@pytest.mark.parametrize(("since", "counts"), [(None, 1_001.0), (700.0, 701.0)])
def test_change_times_without_one_are_the_start_or_since(since: float | None, counts: float) -> None:
    times = read_change_times(CHANGES, lambda _, key: TIMES[key], since)
    assert list(times.counts_from.values()) == [51, counts, counts]
    assert times.errors == ("s3://site/secret: HeadObject: 403",)
    assert [change.key for change in times.at_start] == ([] if since else ["gone", "secret"])


@pytest.mark.parametrize(("modified", "counts"), [(50.0, 1_001.0), (2_000.0, 2_001.0), (None, 1_001.0)])
def test_deletion_that_restores_a_version_counts_from_start(modified: float | None, counts: float) -> None:
    change = ObjectChange("site", "x", "deleted", "", "")
    times = read_change_times([change], lambda *_: ObjectTime(modified, 1_000.0), None)
    assert (times.counts_from, times.at_start) == ({change: counts}, (change,))


def test_wait_is_interrupted_between_polls() -> None:
    def interrupt(_seconds: float) -> None:
        raise KeyboardInterrupt

    double = InvalidationsDouble(Clock(1_000))
    with pytest.raises(KeyboardInterrupt):
        wait_until_fresh([need()], double, WaitTimes(sleep=interrupt), lambda _fresh, _total: None)
    assert double.reads == {"page ": 1}
