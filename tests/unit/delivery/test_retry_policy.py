"""Failed calls: which jobs are deferred, which are rejected, and how a job changes."""

from typing import Any

import pytest

from purgemap.delivery import (
    Deferred,
    FailureKind,
    InvalidationError,
    Outcome,
    Rejected,
)
from purgemap.delivery.backoff import MAX_DELAY_SECONDS
from purgemap.jobs import PendingJob
from purgemap.routemap import Distribution
from support.delivery import SITE, build_job, build_rate_limit, deliver
from support.doubles.memory import MemoryCloudFront
from support.ids import E1, NOW


def send_refused_job(refusal: FailureKind, **state: Any) -> list[Outcome]:
    pending = PendingJob(build_job()._replace(**state), SITE)
    return deliver([pending], MemoryCloudFront(refusing={E1: refusal}), build_rate_limit())


@pytest.mark.parametrize(
    "refusal", [FailureKind.QUOTA_EXCEEDED, FailureKind.THROTTLED, FailureKind.SERVER_ERROR, FailureKind.ACCESS_DENIED]
)
def test_retry_policy_defers_temporary_failure_longer_each_time(refusal: FailureKind) -> None:
    (outcome,) = send_refused_job(refusal)
    assert isinstance(outcome, Deferred)
    assert outcome.job.failed_attempts == 1
    assert 5 < outcome.delay <= MAX_DELAY_SECONDS


@pytest.mark.parametrize(
    ("refusal", "state", "budget_level"),
    [
        (FailureKind.QUOTA_EXCEEDED, {}, 1),
        (FailureKind.QUOTA_EXCEEDED, {"budget_level": 1}, 2),
        (FailureKind.THROTTLED, {"throttled": 2}, 0),
        (FailureKind.THROTTLED, {"throttled": 3}, 1),
        (FailureKind.SERVER_ERROR, {"failed_attempts": 5}, 0),
        (FailureKind.ACCESS_DENIED, {"failed_attempts": 5}, 0),
    ],
)
def test_retry_policy_reduces_budget_for_quota_and_throttling(
    refusal: FailureKind, state: dict[str, float], budget_level: int
) -> None:
    (outcome,) = send_refused_job(refusal, **state)
    assert outcome.job.budget_level == budget_level


@pytest.mark.parametrize(
    ("refusal", "state"),
    [
        (FailureKind.NOT_FOUND, {}),
        (FailureKind.ACCESS_DENIED, {"oldest_event_time": NOW - 901}),
        (FailureKind.QUOTA_EXCEEDED, {"oldest_event_time": NOW - 6 * 3600 - 1, "failed_attempts": 3}),
    ],
)
def test_retry_policy_rejects_permanent_failure(refusal: FailureKind, state: dict[str, float]) -> None:
    (outcome,) = send_refused_job(refusal, **state)
    assert isinstance(outcome, Rejected)


@pytest.mark.parametrize("refusal", [FailureKind.QUOTA_EXCEEDED, FailureKind.ACCESS_DENIED])
def test_retry_policy_counts_age_of_held_job_from_its_slot(refusal: FailureKind) -> None:
    (outcome,) = send_refused_job(refusal, oldest_event_time=NOW - 7 * 3600, failed_attempts=3, held_until=NOW - 10)
    assert isinstance(outcome, Deferred)


def test_retry_policy_retries_old_event_at_first_failure() -> None:
    (outcome,) = send_refused_job(FailureKind.QUOTA_EXCEEDED, oldest_event_time=NOW - 7 * 3600)
    assert isinstance(outcome, Deferred)


class FullCloudFront(MemoryCloudFront):
    """Has room for some requests, then none."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room

    def create_invalidation(self, distribution: Distribution, items: tuple[str, ...], caller_reference: str) -> str:
        if len(self.calls) == self.room:
            raise InvalidationError(FailureKind.QUOTA_EXCEEDED, "TooManyInvalidationsInProgress")
        return super().create_invalidation(distribution, items, caller_reference)


@pytest.mark.parametrize(("room", "failed_attempts"), [(0, 8), (1, 1)])
def test_retry_policy_restarts_back_off_after_progress(room: int, failed_attempts: int) -> None:
    scopes = {f"/part{part}/{n}": f"/part{part}/" for part in range(40) for n in range(20)}
    pressed = build_job()._replace(scopes=scopes, failed_attempts=7, budget_level=3)
    *_, outcome = deliver([PendingJob(pressed, SITE)], FullCloudFront(room), build_rate_limit())
    assert isinstance(outcome, Deferred)
    assert outcome.job.failed_attempts == failed_attempts
