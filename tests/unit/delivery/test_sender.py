"""What becomes of a job, whatever CloudFront says: accepted, deferred, or rejected; never lost."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from purgemap.delivery import (
    Accepted,
    Deferred,
    FailureKind,
    InvalidationError,
    Outcome,
    RateLimit,
    Rejected,
    defer_excess,
    group_by_account,
)
from purgemap.delivery.backoff import MAX_DELAY_SECONDS, last_wildcard_slot, next_wildcard_slot, retry_delay
from purgemap.delivery.queueing import enqueue_outcomes
from purgemap.errors import PurgemapError
from purgemap.jobs import Job, PendingJob, job_messages, merge_jobs, parse_job
from purgemap.planning import BUDGET_LEVELS
from purgemap.routemap.compiled import Distribution
from support.delivery import deliver
from support.doubles.clock import Clock
from support.doubles.memory import MemoryCloudFront, MemoryQueue
from support.oracles.planning import uncovered

NOW = 1_794_441_600.0
E1, E2 = Distribution("E1EXAMPLE1ABCD"), Distribution("E2EXAMPLE2ABCD")


def job(*items: str, distribution: str = E1.id, oldest: float = NOW, scope: str | None = "/") -> Job:
    return Job(distribution, dict.fromkeys(items or ("/a",), scope), ("m-1",), oldest, changes=1)


def rate_limit(seconds_left: Callable[[], float] = lambda: 60.0) -> RateLimit:
    return RateLimit(now=lambda: NOW, seconds_left=seconds_left, sleep=lambda _: None)


def many(count: int) -> list[PendingJob]:
    return [PendingJob(job(distribution=f"E{n:013}"), Distribution(f"E{n:013}")) for n in range(count)]


class TimedCloudFront(MemoryCloudFront):
    """Knows when it was called."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock
        self.times: list[float] = []

    def create_invalidation(self, distribution: Distribution, items: tuple[str, ...], caller_reference: str) -> str:
        self.times.append(self.clock())
        return super().create_invalidation(distribution, items, caller_reference)


def outcomes_of(refusal: FailureKind, **state: Any) -> list[Outcome]:
    order = PendingJob(job()._replace(**state), E1)
    return deliver([order], MemoryCloudFront(refusing={E1.id: refusal}), rate_limit())


@pytest.mark.parametrize(
    "refusal", [FailureKind.QUOTA_EXCEEDED, FailureKind.THROTTLED, FailureKind.SERVER_ERROR, FailureKind.ACCESS_DENIED]
)
def test_retry_policy_defers_temporary_failure_longer_each_time(refusal: FailureKind) -> None:
    (outcome,) = outcomes_of(refusal)
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
    (outcome,) = outcomes_of(refusal, **state)
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
    (outcome,) = outcomes_of(refusal, **state)
    assert isinstance(outcome, Rejected)


@pytest.mark.parametrize("refusal", [FailureKind.QUOTA_EXCEEDED, FailureKind.ACCESS_DENIED])
def test_retry_policy_counts_age_of_held_job_from_its_slot(refusal: FailureKind) -> None:
    (outcome,) = outcomes_of(refusal, oldest_event_time=NOW - 7 * 3600, failed_attempts=3, held_until=NOW - 10)
    assert isinstance(outcome, Deferred)


def test_retry_policy_retries_old_event_at_first_failure() -> None:
    (outcome,) = outcomes_of(FailureKind.QUOTA_EXCEEDED, oldest_event_time=NOW - 7 * 3600)
    assert isinstance(outcome, Deferred)


def test_sender_covers_all_items_with_reduced_budget() -> None:
    cloudfront = MemoryCloudFront()
    pressed = job(*(f"/{n:03}" for n in range(200)))._replace(budget_level=3)
    outcomes = deliver([PendingJob(pressed, E1)], cloudfront, rate_limit())
    assert all(isinstance(outcome, Accepted) for outcome in outcomes)
    assert all(len(items) <= 10 for _, items, _ in cloudfront.calls)
    assert all(sum(item.endswith("*") for item in items) <= 1 for _, items, _ in cloudfront.calls)
    assert uncovered(pressed.scopes, [item for _, items, _ in cloudfront.calls for item in items]) == []


@pytest.mark.parametrize("budget_level", range(4))
@pytest.mark.parametrize("items", [[f"/{n:02}" for n in range(11)], [f"/{n:03}/~draft*" for n in range(10)]])
def test_sender_keeps_few_edits_exact_after_failures(items: list[str], budget_level: int) -> None:
    cloudfront = MemoryCloudFront()
    deliver([PendingJob(job(*items)._replace(budget_level=budget_level), E1)], cloudfront, rate_limit())
    assert sorted(item for _, request, _ in cloudfront.calls for item in request) == items
    paths, wildcards = BUDGET_LEVELS[budget_level]
    assert all(len(request) <= paths for _, request, _ in cloudfront.calls)
    assert all(sum(item.endswith("*") for item in request) <= wildcards for _, request, _ in cloudfront.calls)


@pytest.mark.parametrize(
    ("is_retry", "rate", "burst_size"),
    [(False, 2, 10), (False, 0.25, 10), (True, 2, 5), (True, 0.5, 5), (True, 0.25, 2), (True, 0.0625, 1)],
)
def test_sender_calls_at_rate_after_burst(*, is_retry: bool, rate: float, burst_size: int) -> None:
    clock = Clock(NOW)
    at_its_rate = RateLimit(
        now=clock, seconds_left=lambda: NOW + 60 - clock.now, calls_per_second=rate, sleep=clock.advance
    )
    orders = [order._replace(is_retry=is_retry) for order in many(100)]
    cloudfront = TimedCloudFront(clock)
    outcomes = deliver(orders, cloudfront, at_its_rate)
    assert cloudfront.times == [NOW] * burst_size + [NOW + turn / rate for turn in range(1, int(30 * rate) + 1)]
    deferred = outcomes[len(cloudfront.times) :]
    assert {(type(each), each.job.failed_attempts) for each in deferred} == {(Deferred, 0)}


@pytest.mark.parametrize(("jobs", "deferred"), [(10, 0), (11, 11)])
def test_accounts_defer_more_new_jobs_than_a_burst(jobs: int, deferred: int) -> None:
    elsewhere = replace(E1, role_arn="arn:aws:iam::222222222222:role/p")
    accounts = group_by_account([*many(jobs), PendingJob(job(), elsewhere)])
    _, outcomes = defer_excess(accounts, MemoryQueue(), rate_limit())
    assert [(outcome.job.distribution, outcome.delay) for outcome in outcomes] == [
        (f"E{n:013}", 1) for n in range(deferred)
    ]


def test_accounts_send_retries_with_new_jobs() -> None:
    accounts = group_by_account([*many(30), PendingJob(job(), E1, is_retry=True)])
    assert defer_excess(accounts, MemoryQueue(), rate_limit()) == (accounts, [])


def test_accounts_delay_later_positions_further() -> None:
    delays = [outcome.delay for outcome in defer_excess(group_by_account(many(3_000)), MemoryQueue(), rate_limit())[1]]
    assert delays[:1_000] == [1] * 1_000
    assert delays == sorted(delays)
    assert delays[1_100] == 100 / 0.5
    assert delays[-1] == MAX_DELAY_SECONDS


def test_sender_defers_jobs_without_time_like_excess() -> None:
    late = deliver(many(3_000), MemoryCloudFront(), rate_limit(lambda: 0.0))
    turns = [each.delay for each in defer_excess(group_by_account(many(3_000)), MemoryQueue(), rate_limit())[1]]
    assert [each.delay for each in late if isinstance(each, Deferred)] == turns


def test_sender_gives_each_account_its_own_burst() -> None:
    cloudfront = MemoryCloudFront()
    roles = [None, "arn:aws:iam::222222222222:role/p", "arn:aws:iam::333333333333:role/p"]
    orders = [
        PendingJob(job(distribution=f"E{n:013}"), Distribution(f"E{n:013}", role_arn=roles[n % 3])) for n in range(30)
    ]
    assert sum(isinstance(outcome, Accepted) for outcome in deliver(orders, cloudfront, rate_limit())) == 30


def test_sender_stops_calls_of_throttled_account() -> None:
    cloudfront = MemoryCloudFront(refusing={E1.id: FailureKind.THROTTLED})
    outcomes = deliver([PendingJob(job(), E1), PendingJob(job(distribution=E2.id), E2)], cloudfront, rate_limit())
    assert [name for name, _, _ in cloudfront.calls] == [E1.id]
    assert [outcome.job.failed_attempts for outcome in outcomes] == [1, 0]


def test_sender_starts_no_call_with_too_little_time() -> None:
    left = iter([31.0, 31.0, 29.0])
    cloudfront = MemoryCloudFront()
    orders = [PendingJob(job(), E1), PendingJob(job(distribution=E2.id), E2)]
    outcomes = deliver(orders, cloudfront, rate_limit(lambda: next(left)))
    assert [type(outcome) for outcome in outcomes] == [Accepted, Deferred]


def test_sender_starts_no_call_after_slow_planning() -> None:
    left = iter([31.0, 29.0])
    cloudfront = MemoryCloudFront()
    outcomes = deliver([PendingJob(job(), E1)], cloudfront, rate_limit(lambda: next(left)))
    assert ([type(outcome) for outcome in outcomes], cloudfront.calls) == ([Deferred], [])


def test_sender_counts_wait_for_call_as_spent_time() -> None:
    clock = Clock(NOW)
    slow = RateLimit(now=clock, seconds_left=lambda: NOW + 31 - clock.now, sleep=clock.advance)
    orders = [PendingJob(job(), E1), PendingJob(job(distribution=E2.id), E2)]
    outcomes = deliver([*many(9), *orders], MemoryCloudFront(), slow)
    assert [type(outcome) for outcome in outcomes] == [Accepted] * 10 + [Deferred]


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
    pressed = job()._replace(scopes=scopes, failed_attempts=7, budget_level=3)
    *_, outcome = deliver([PendingJob(pressed, E1)], FullCloudFront(room), rate_limit())
    assert isinstance(outcome, Deferred)
    assert outcome.job.failed_attempts == failed_attempts


class PickyCloudFront(MemoryCloudFront):
    """Refuses whole requests for single items, without naming them, as CloudFront does."""

    def __init__(self, *bad: str) -> None:
        super().__init__()
        self.bad = set(bad)

    def create_invalidation(self, distribution: Distribution, items: tuple[str, ...], caller_reference: str) -> str:
        accepted = super().create_invalidation(distribution, items, caller_reference)
        if self.bad & set(items):
            raise InvalidationError(
                FailureKind.INVALID_ARGUMENT, "InvalidArgument: one or more invalid invalidation paths"
            )
        return accepted


def test_attempt_replaces_invalid_item_by_wildcard_of_scope() -> None:
    cloudfront = PickyCloudFront("/blog/bad")
    items = [f"/blog/{name}" for name in ("a", "b", "bad", "c", "d", "e")]
    outcomes = deliver([PendingJob(job(*items, scope="/blog/"), E1)], cloudfront, rate_limit())
    assert all(isinstance(outcome, Accepted) for outcome in outcomes)
    covered_items = {item for outcome in outcomes if isinstance(outcome, Accepted) for item in outcome.items}
    assert covered_items == {*items, "/blog/", "/blog/*"} - {"/blog/bad"}


def test_attempt_rejects_only_invalid_item_without_fallback() -> None:
    cloudfront = PickyCloudFront("/bad")
    outcomes = deliver([PendingJob(job("/a", "/bad", "/c", scope=None), E1)], cloudfront, rate_limit())
    rejected = [outcome for outcome in outcomes if isinstance(outcome, Rejected)]
    assert [list(outcome.job.scopes) for outcome in rejected] == [["/bad"]]
    assert {item for outcome in outcomes if isinstance(outcome, Accepted) for item in outcome.items} == {"/a", "/c"}


def test_attempt_rejects_only_item_with_invalid_fallback() -> None:
    cloudfront = PickyCloudFront("/blog/bad", "/blog/*")
    outcomes = deliver([PendingJob(job("/blog/a", "/blog/bad", scope="/blog/"), E1)], cloudfront, rate_limit())
    assert [list(each.job.scopes) for each in outcomes if isinstance(each, Rejected)] == [["/blog/bad"]]
    assert [each.items for each in outcomes if isinstance(each, Accepted)] == [("/blog/a",)]


def test_attempt_rejects_item_that_fallback_does_not_cover() -> None:
    outcomes = deliver(
        [PendingJob(job("/blog", "/blog/a", scope="/blog/"), E1)], PickyCloudFront("/blog"), rate_limit()
    )
    assert [list(each.job.scopes) for each in outcomes if isinstance(each, Rejected)] == [["/blog"]]
    assert [each.items for each in outcomes if isinstance(each, Accepted)] == [("/blog/", "/blog/*"), ("/blog/a",)]


def test_attempt_sends_one_fallback_per_scope() -> None:
    cloudfront = PickyCloudFront("/blog/a", "/blog/b")
    outcomes = deliver([PendingJob(job("/blog/a", "/blog/b", scope="/blog/"), E1)], cloudfront, rate_limit())
    assert [each.items for each in outcomes if isinstance(each, Accepted)] == [("/blog/", "/blog/*")]
    assert len(outcomes) == 1


def test_attempt_defers_rest_when_search_calls_are_used() -> None:
    cloudfront = PickyCloudFront(*(f"/{n:03}" for n in range(0, 150, 2)))
    outcomes = deliver([PendingJob(job(*(f"/{n:03}" for n in range(150)), scope=None), E1)], cloudfront, rate_limit())
    assert len(cloudfront.calls) <= 9
    spoken_for = {item for outcome in outcomes if not isinstance(outcome, Accepted) for item in outcome.job.scopes}
    assert spoken_for | {item for outcome in outcomes if isinstance(outcome, Accepted) for item in outcome.items} == {
        f"/{n:03}" for n in range(150)
    }


@pytest.mark.parametrize("place", [0, 1_499, 2_999])
def test_attempt_search_makes_progress_with_many_items(place: int) -> None:
    items = [f"/{n:04}" for n in range(3_000)]
    cloudfront, roomy = PickyCloudFront(items[place]), replace(E1, max_paths=3_000)
    left, rounds = job(*items, scope=None), 0
    outcomes: list[Outcome] = []
    while left.scopes:
        outcomes += deliver([PendingJob(left, roomy)], cloudfront, rate_limit())
        later = [outcome.job.scopes for outcome in outcomes[-1:] if isinstance(outcome, Deferred)]
        left, rounds = left._replace(scopes=later[0] if later else {}), rounds + 1
        assert rounds < 10
    assert [list(outcome.job.scopes) for outcome in outcomes if isinstance(outcome, Rejected)] == [[items[place]]]


def test_attempt_search_is_given_up_if_all_items_are_invalid() -> None:
    items = [f"/{n:03}" for n in range(150)]
    aged = job(*items, scope=None)._replace(oldest_event_time=NOW - 6 * 3600 - 1)
    for failed_attempts in range(3):
        *_, outcome = deliver(
            [PendingJob(aged._replace(failed_attempts=failed_attempts), E1)], PickyCloudFront(*items), rate_limit()
        )
        assert isinstance(outcome, Deferred)
        assert outcome.job.failed_attempts == failed_attempts + 1
    *_, outcome = deliver([PendingJob(aged._replace(failed_attempts=3), E1)], PickyCloudFront(*items), rate_limit())
    assert isinstance(outcome, Rejected)
    assert outcome.reason.startswith("gave up")


def test_job_survives_its_message() -> None:
    scopes = {"/a": "/", "/b*": None, "#tag": None}
    deferred = job("/a", "/b*", "#tag")._replace(scopes=scopes, failed_attempts=3, budget_level=2, held_until=NOW)
    (body,) = job_messages(deferred, deferred="full")
    returned = parse_job(json.loads(body))
    assert returned == deferred._replace(sources=(deferred.digest,))
    assert returned.digest == deferred.digest


def test_job_messages_stay_under_size_limit() -> None:
    large = job(*(f"/{n:05}/{'x' * 100}" for n in range(20_000)))
    bodies = list(job_messages(large, deferred="full"))
    assert max(len(body.encode()) for body in bodies) < 256_000
    assert merge_jobs(parse_job(json.loads(body)) for body in bodies).scopes == large.scopes


@pytest.mark.parametrize("item", ["#" + '"' * 250, "/" + "x" * 250])
@pytest.mark.parametrize("reason", ["full", "a page of words " * 1_000, "\U0001f600" * 10_000])
def test_job_messages_stay_under_limit_for_any_text(item: str, reason: str) -> None:
    large = job(*(f"{item}{n:05}" for n in range(3_000)))
    bodies = list(job_messages(large, deferred=reason))
    assert max(len(body.encode()) for body in bodies) < 256_000
    assert merge_jobs(parse_job(json.loads(body)) for body in bodies).scopes == large.scopes


def test_parse_job_refuses_other_version() -> None:
    with pytest.raises(PurgemapError, match="version 99"):
        parse_job({"purgemap_job": 99})


def test_merge_jobs_keeps_oldest_and_most_failures() -> None:
    old = job("/a", oldest=NOW - 50, scope="/a")._replace(failed_attempts=2, budget_level=1)
    new = job("/a", "/b", scope="/")._replace(sources=("m-2",), throttled=4, held_until=NOW)
    assert merge_jobs([old, new]) == Job(
        E1.id,
        {"/a": "/", "/b": "/"},
        ("m-1", "m-2"),
        NOW - 50,
        2,
        failed_attempts=2,
        throttled=4,
        budget_level=1,
        held_until=NOW,
    )


def test_enqueue_outcomes_names_jobs_that_queue_refused() -> None:
    outcomes: list[Outcome] = [Deferred(job(), 20, "full"), Rejected(job(distribution=E2.id), "gone")]
    queue, broken = MemoryQueue(), MemoryQueue("InternalError")
    assert enqueue_outcomes(outcomes, queue, queue) == []
    assert [json.loads(message.body).get("rejected") for message in queue.messages] == [None, "gone"]
    assert [each.distribution for each in enqueue_outcomes(outcomes, broken, queue)] == [E1.id]
    assert [each.distribution for each in enqueue_outcomes(outcomes, None, None)] == [E1.id, E2.id]


@pytest.mark.parametrize("failed_attempts", range(12))
def test_retry_slot_is_after_back_off_and_within_sqs_limit(failed_attempts: int) -> None:
    for second in range(0, 2_000, 37):
        delay = retry_delay(E1.id, NOW + second, failed_attempts=failed_attempts)
        assert 0 < delay <= MAX_DELAY_SECONDS
        if 5 << failed_attempts < MAX_DELAY_SECONDS / 2:
            assert delay >= 5 << failed_attempts


def slots(failed_attempts: int) -> set[int]:
    return {
        round(NOW + second + retry_delay(E1.id, NOW + second, failed_attempts=failed_attempts)) for second in range(640)
    }


def test_retry_slot_is_one_per_interval_and_distribution() -> None:
    assert len(slots(failed_attempts=4)) <= 640 // 80 + 1


def test_retry_slots_of_long_and_short_back_offs_coincide() -> None:
    assert {slot % 20 for slot in slots(failed_attempts=1) | slots(failed_attempts=4)} == {
        next(iter(slots(failed_attempts=1))) % 20
    }


@pytest.mark.parametrize("now", [NOW, NOW + 123.4, NOW + 899.9])
def test_wildcard_slot_is_15_minutes_and_never_too_near(now: float) -> None:
    begun, coming = last_wildcard_slot(E1.id, now), next_wildcard_slot(E1.id, now)
    assert now - 900 < begun <= now
    assert 10 <= coming - now <= 910
    assert (coming - begun) % 900 == 0
