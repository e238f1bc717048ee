"""Jobs that are sent at the rate of their account, while there is time."""

import pytest

from purgemap.delivery import (
    Accepted,
    Deferred,
    FailureKind,
    RateLimit,
)
from purgemap.jobs import PendingJob
from purgemap.planning import BUDGET_LEVELS, Listing
from purgemap.routemap import Distribution
from support.delivery import OTHER_SITE, SITE, build_job, build_pending, build_rate_limit, deliver
from support.doubles.clock import Clock
from support.doubles.memory import MemoryCloudFront
from support.ids import E1, E2, NOW
from support.oracles.planning import uncovered


class TimedCloudFront(MemoryCloudFront):
    """Knows when it was called."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock
        self.times: list[float] = []

    def create_invalidation(self, distribution: Distribution, items: tuple[str, ...], caller_reference: str) -> str:
        self.times.append(self.clock())
        return super().create_invalidation(distribution, items, caller_reference)


def test_sender_covers_all_items_with_reduced_budget() -> None:
    cloudfront = MemoryCloudFront()
    pressed = build_job(*(f"/{n:03}" for n in range(200)))._replace(budget_level=3)
    outcomes = deliver([PendingJob(pressed, SITE)], cloudfront, build_rate_limit())
    assert all(isinstance(outcome, Accepted) for outcome in outcomes)
    assert all(len(items) <= 10 for _, items, _ in cloudfront.calls)
    assert all(sum(item.endswith("*") for item in items) <= 1 for _, items, _ in cloudfront.calls)
    assert uncovered(pressed.scopes, [item for _, items, _ in cloudfront.calls for item in items]) == []


@pytest.mark.parametrize("budget_level", range(4))
@pytest.mark.parametrize("items", [[f"/{n:02}" for n in range(11)], [f"/{n:03}/~draft*" for n in range(10)]])
def test_sender_keeps_few_edits_exact_after_failures(items: list[str], budget_level: int) -> None:
    cloudfront = MemoryCloudFront()
    deliver([PendingJob(build_job(*items)._replace(budget_level=budget_level), SITE)], cloudfront, build_rate_limit())
    assert sorted(item for _, request, _ in cloudfront.calls for item in request) == items
    paths, wildcards = BUDGET_LEVELS[budget_level]
    assert all(len(request) <= paths for _, request, _ in cloudfront.calls)
    assert all(sum(item.endswith("*") for item in request) <= wildcards for _, request, _ in cloudfront.calls)


def test_sender_plans_with_listing() -> None:
    items = [f"/{folder}/{number}" for folder in "ab" for number in range(100)]
    listing = Listing([[f"/b/{number}/unchanged"] for number in range(100)])
    cloudfront = MemoryCloudFront()
    (outcome,) = deliver([PendingJob(build_job(*items), SITE)], cloudfront, build_rate_limit(), {E1: listing})
    assert isinstance(outcome, Accepted)
    assert {item[:3] for item in outcome.items if item.endswith("*")} == {"/a/"}


@pytest.mark.parametrize(
    ("is_retry", "rate", "burst_size"),
    [(False, 2, 10), (False, 0.25, 10), (True, 2, 2), (True, 0.5, 2), (True, 0.125, 1), (True, 0.0625, 1)],
)
def test_sender_calls_at_rate_after_burst(*, is_retry: bool, rate: float, burst_size: int) -> None:
    clock = Clock(NOW)
    at_its_rate = RateLimit(
        now=clock, seconds_left=lambda: NOW + 60 - clock.now, calls_per_second=rate, sleep=clock.advance
    )
    pending_jobs = [pending._replace(is_retry=is_retry) for pending in build_pending(100)]
    cloudfront = TimedCloudFront(clock)
    outcomes = deliver(pending_jobs, cloudfront, at_its_rate)
    assert cloudfront.times == [NOW] * burst_size + [NOW + turn / rate for turn in range(1, int(30 * rate) + 1)]
    deferred = outcomes[len(cloudfront.times) :]
    assert {(type(outcome), outcome.job.failed_attempts) for outcome in deferred} == {(Deferred, 0)}


def test_sender_stops_calls_of_throttled_account() -> None:
    cloudfront = MemoryCloudFront(refusing={E1: FailureKind.THROTTLED})
    outcomes = deliver(
        [PendingJob(build_job(), SITE), PendingJob(build_job(distribution=E2), OTHER_SITE)],
        cloudfront,
        build_rate_limit(),
    )
    assert [name for name, _, _ in cloudfront.calls] == [E1]
    assert [outcome.job.failed_attempts for outcome in outcomes] == [1, 0]


def test_sender_starts_no_call_with_too_little_time() -> None:
    left = iter([31.0, 31.0, 29.0])
    cloudfront = MemoryCloudFront()
    pending_jobs = [PendingJob(build_job(), SITE), PendingJob(build_job(distribution=E2), OTHER_SITE)]
    outcomes = deliver(pending_jobs, cloudfront, build_rate_limit(lambda: next(left)))
    assert [type(outcome) for outcome in outcomes] == [Accepted, Deferred]


def test_sender_starts_no_call_after_slow_planning() -> None:
    left = iter([31.0, 29.0])
    cloudfront = MemoryCloudFront()
    outcomes = deliver([PendingJob(build_job(), SITE)], cloudfront, build_rate_limit(lambda: next(left)))
    assert ([type(outcome) for outcome in outcomes], cloudfront.calls) == ([Deferred], [])


def test_sender_counts_wait_for_call_as_spent_time() -> None:
    clock = Clock(NOW)
    slow = RateLimit(now=clock, seconds_left=lambda: NOW + 31 - clock.now, sleep=clock.advance)
    pending_jobs = [PendingJob(build_job(), SITE), PendingJob(build_job(distribution=E2), OTHER_SITE)]
    outcomes = deliver([*build_pending(9), *pending_jobs], MemoryCloudFront(), slow)
    assert [type(outcome) for outcome in outcomes] == [Accepted] * 10 + [Deferred]
