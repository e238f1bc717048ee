"""What becomes of a job, whatever CloudFront says: accepted, deferred, or rejected; never lost."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from doubles.clock import Clock
from doubles.memory import MemoryCloudFront, MemoryQueue
from planning_oracles import uncovered
from purgemap.delivery import (
    Accepted,
    Deferred,
    Order,
    Outcome,
    Pace,
    Refusal,
    RefusedError,
    Rejected,
    defer_new,
    deliver,
)
from purgemap.jobs import Job, UnknownVersionError, merge, messages, parse_job
from purgemap.keeping import keep
from purgemap.planning import RUNGS
from purgemap.routes.table import Distribution
from purgemap.slots import MAX_DELAY, delay_to_slot, last_wildcard_slot, next_wildcard_slot

NOW = 1_794_441_600.0
E1, E2 = Distribution("E1EXAMPLE1ABCD"), Distribution("E2EXAMPLE2ABCD")


def job(*items: str, distribution: str = E1.id, oldest: float = NOW, scope: str | None = "/") -> Job:
    return Job(distribution, dict.fromkeys(items or ("/a",), scope), ("m-1",), oldest, changes=1)


def pace(seconds_left: Callable[[], float] = lambda: 60.0) -> Pace:
    return Pace(now=lambda: NOW, seconds_left=seconds_left, sleep=lambda _: None)


def many(count: int) -> list[Order]:
    return [Order(job(distribution=f"E{n:013}"), Distribution(f"E{n:013}")) for n in range(count)]


class TimedCloudFront(MemoryCloudFront):
    """Knows when it was called."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock
        self.times: list[float] = []

    def create_invalidation(self, distribution: Distribution, items: tuple[str, ...], caller_reference: str) -> str:
        self.times.append(self.clock())
        return super().create_invalidation(distribution, items, caller_reference)


def outcomes_of(refusal: Refusal, **state: Any) -> list[Outcome]:
    order = Order(job()._replace(**state), E1)
    return deliver([order], MemoryCloudFront(refusing={E1.id: refusal}), pace())


@pytest.mark.parametrize("refusal", [Refusal.FULL, Refusal.THROTTLED, Refusal.FAILING, Refusal.DENIED])
def test_what_may_pass_is_deferred_for_longer_each_time(refusal: Refusal) -> None:
    (outcome,) = outcomes_of(refusal)
    assert isinstance(outcome, Deferred)
    assert outcome.job.refusals == 1
    assert 5 < outcome.delay <= MAX_DELAY


@pytest.mark.parametrize(
    ("refusal", "state", "rung"),
    [
        (Refusal.FULL, {}, 1),
        (Refusal.FULL, {"rung": 1}, 2),
        (Refusal.THROTTLED, {"throttled": 2}, 0),
        (Refusal.THROTTLED, {"throttled": 3}, 1),
        (Refusal.FAILING, {"refusals": 5}, 0),
        (Refusal.DENIED, {"refusals": 5}, 0),
    ],
)
def test_only_a_full_distribution_or_lasting_throttling_tightens_the_budget(
    refusal: Refusal, state: dict[str, float], rung: int
) -> None:
    (outcome,) = outcomes_of(refusal, **state)
    assert outcome.job.rung == rung


@pytest.mark.parametrize(
    ("refusal", "state"),
    [
        (Refusal.GONE, {}),
        (Refusal.DENIED, {"oldest": NOW - 901}),
        (Refusal.FULL, {"oldest": NOW - 6 * 3600 - 1, "refusals": 3}),
    ],
)
def test_what_no_retry_can_help_is_rejected(refusal: Refusal, state: dict[str, float]) -> None:
    (outcome,) = outcomes_of(refusal, **state)
    assert isinstance(outcome, Rejected)


@pytest.mark.parametrize("refusal", [Refusal.FULL, Refusal.DENIED])
def test_what_was_held_for_a_budget_is_as_old_as_its_first_try(refusal: Refusal) -> None:
    (outcome,) = outcomes_of(refusal, oldest=NOW - 7 * 3600, refusals=3, held_until=NOW - 10)
    assert isinstance(outcome, Deferred)


def test_an_old_event_that_is_seen_for_the_first_time_is_still_tried_again() -> None:
    (outcome,) = outcomes_of(Refusal.FULL, oldest=NOW - 7 * 3600)
    assert isinstance(outcome, Deferred)


def test_a_tightened_job_asks_for_less_and_still_covers_everything() -> None:
    cloudfront = MemoryCloudFront()
    pressed = job(*(f"/{n:03}" for n in range(200)))._replace(rung=3)
    outcomes = deliver([Order(pressed, E1)], cloudfront, pace())
    assert all(isinstance(outcome, Accepted) for outcome in outcomes)
    assert all(len(items) <= 10 for _, items, _ in cloudfront.calls)
    assert all(sum(item.endswith("*") for item in items) <= 1 for _, items, _ in cloudfront.calls)
    assert uncovered(pressed.scopes, [item for _, items, _ in cloudfront.calls for item in items]) == []


@pytest.mark.parametrize("rung", range(4))
@pytest.mark.parametrize("items", [[f"/{n:02}" for n in range(11)], [f"/{n:03}/~draft*" for n in range(10)]])
def test_few_edits_stay_exact_however_often_refused(items: list[str], rung: int) -> None:
    cloudfront = MemoryCloudFront()
    deliver([Order(job(*items)._replace(rung=rung), E1)], cloudfront, pace())
    assert sorted(item for _, request, _ in cloudfront.calls for item in request) == items
    paths, wildcards = RUNGS[rung]
    assert all(len(request) <= paths for _, request, _ in cloudfront.calls)
    assert all(sum(item.endswith("*") for item in request) <= wildcards for _, request, _ in cloudfront.calls)


@pytest.mark.parametrize(
    ("was_deferred", "rate", "quick_calls"),
    [(False, 2, 10), (False, 0.25, 10), (True, 2, 5), (True, 0.5, 5), (True, 0.25, 2), (True, 0.0625, 1)],
)
def test_an_account_is_called_at_its_rate_but_for_what_it_has_saved_up(
    *, was_deferred: bool, rate: float, quick_calls: int
) -> None:
    clock = Clock(NOW)
    at_its_rate = Pace(now=clock, seconds_left=lambda: NOW + 60 - clock.now, calls_per_second=rate, sleep=clock.advance)
    orders = [order._replace(was_deferred=was_deferred) for order in many(100)]
    cloudfront = TimedCloudFront(clock)
    outcomes = deliver(orders, cloudfront, at_its_rate)
    assert cloudfront.times == [NOW] * quick_calls + [NOW + turn / rate for turn in range(1, int(30 * rate) + 1)]
    deferred = outcomes[len(cloudfront.times) :]
    assert {(type(each), each.job.refusals) for each in deferred} == {(Deferred, 0)}


@pytest.mark.parametrize(("jobs", "deferred"), [(10, 0), (11, 11)])
def test_more_new_jobs_of_an_account_than_quick_calls_are_deferred_for_what_else_is_on_its_way(
    jobs: int, deferred: int
) -> None:
    elsewhere = replace(E1, role_arn="arn:aws:iam::222222222222:role/p")
    outcomes = defer_new([*many(jobs), Order(job(), elsewhere)], pace())
    assert [(outcome.job.distribution, outcome.delay) for outcome in outcomes] == [
        (f"E{n:013}", 1) for n in range(deferred)
    ]


def test_what_was_deferred_is_sent_with_all_that_has_come_since() -> None:
    assert defer_new([*many(30), Order(job(), E1, was_deferred=True)], pace()) == []


def test_of_thousands_that_are_deferred_those_come_back_later_whose_turn_is_far() -> None:
    delays = [outcome.delay for outcome in defer_new(many(3_000), pace())]
    assert delays[:1_000] == [1] * 1_000
    assert delays == sorted(delays)
    assert delays[1_100] == 100 / 0.5
    assert delays[-1] == MAX_DELAY


def test_what_the_time_does_not_suffice_for_comes_back_in_the_same_turns() -> None:
    late = deliver(many(3_000), MemoryCloudFront(), pace(lambda: 0.0))
    turns = [each.delay for each in defer_new(many(3_000), pace())]
    assert [each.delay for each in late if isinstance(each, Deferred)] == turns


def test_accounts_do_not_share_their_calls() -> None:
    cloudfront = MemoryCloudFront()
    roles = [None, "arn:aws:iam::222222222222:role/p", "arn:aws:iam::333333333333:role/p"]
    orders = [Order(job(distribution=f"E{n:013}"), Distribution(f"E{n:013}", role_arn=roles[n % 3])) for n in range(30)]
    assert sum(isinstance(outcome, Accepted) for outcome in deliver(orders, cloudfront, pace())) == 30


def test_a_throttled_account_makes_no_further_call() -> None:
    cloudfront = MemoryCloudFront(refusing={E1.id: Refusal.THROTTLED})
    outcomes = deliver([Order(job(), E1), Order(job(distribution=E2.id), E2)], cloudfront, pace())
    assert [name for name, _, _ in cloudfront.calls] == [E1.id]
    assert [outcome.job.refusals for outcome in outcomes] == [1, 0]


def test_no_call_starts_with_less_than_thirty_seconds_left() -> None:
    left = iter([31.0, 31.0, 29.0])
    cloudfront = MemoryCloudFront()
    orders = [Order(job(), E1), Order(job(distribution=E2.id), E2)]
    outcomes = deliver(orders, cloudfront, pace(lambda: next(left)))
    assert [type(outcome) for outcome in outcomes] == [Accepted, Deferred]


def test_call_does_not_start_where_planning_took_the_time() -> None:
    left = iter([31.0, 29.0])
    cloudfront = MemoryCloudFront()
    outcomes = deliver([Order(job(), E1)], cloudfront, pace(lambda: next(left)))
    assert ([type(outcome) for outcome in outcomes], cloudfront.calls) == ([Deferred], [])


def test_a_call_that_waits_for_its_turn_counts_the_wait_as_time_it_has_not() -> None:
    clock = Clock(NOW)
    slow = Pace(now=clock, seconds_left=lambda: NOW + 31 - clock.now, sleep=clock.advance)
    orders = [Order(job(), E1), Order(job(distribution=E2.id), E2)]
    outcomes = deliver([*many(9), *orders], MemoryCloudFront(), slow)
    assert [type(outcome) for outcome in outcomes] == [Accepted] * 10 + [Deferred]


class FullCloudFront(MemoryCloudFront):
    """Has room for some requests, then none."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room

    def create_invalidation(self, distribution: Distribution, items: tuple[str, ...], caller_reference: str) -> str:
        if len(self.calls) == self.room:
            raise RefusedError(Refusal.FULL, "TooManyInvalidationsInProgress")
        return super().create_invalidation(distribution, items, caller_reference)


@pytest.mark.parametrize(("room", "refusals"), [(0, 8), (1, 1)])
def test_a_job_that_gets_on_is_deferred_no_longer_than_at_its_first_refusal(room: int, refusals: int) -> None:
    scopes = {f"/part{part}/{n}": f"/part{part}/" for part in range(40) for n in range(20)}
    pressed = job()._replace(scopes=scopes, refusals=7, rung=3)
    *_, outcome = deliver([Order(pressed, E1)], FullCloudFront(room), pace())
    assert isinstance(outcome, Deferred)
    assert outcome.job.refusals == refusals


class PickyCloudFront(MemoryCloudFront):
    """Refuses whole requests for single items, without naming them, as CloudFront does."""

    def __init__(self, *bad: str) -> None:
        super().__init__()
        self.bad = set(bad)

    def create_invalidation(self, distribution: Distribution, items: tuple[str, ...], caller_reference: str) -> str:
        accepted = super().create_invalidation(distribution, items, caller_reference)
        if self.bad & set(items):
            raise RefusedError(Refusal.INVALID, "InvalidArgument: one or more invalid invalidation paths")
        return accepted


def test_a_refused_item_is_found_and_its_scopes_wildcard_goes_instead() -> None:
    cloudfront = PickyCloudFront("/blog/bad")
    items = [f"/blog/{name}" for name in ("a", "b", "bad", "c", "d", "e")]
    outcomes = deliver([Order(job(*items, scope="/blog/"), E1)], cloudfront, pace())
    assert all(isinstance(outcome, Accepted) for outcome in outcomes)
    told = {item for outcome in outcomes if isinstance(outcome, Accepted) for item in outcome.items}
    assert told == {*items, "/blog/", "/blog/*"} - {"/blog/bad"}


def test_an_item_that_nothing_can_stand_for_is_rejected_alone() -> None:
    cloudfront = PickyCloudFront("/bad")
    outcomes = deliver([Order(job("/a", "/bad", "/c", scope=None), E1)], cloudfront, pace())
    rejected = [outcome for outcome in outcomes if isinstance(outcome, Rejected)]
    assert [list(outcome.job.scopes) for outcome in rejected] == [["/bad"]]
    assert {item for outcome in outcomes if isinstance(outcome, Accepted) for item in outcome.items} == {"/a", "/c"}


def test_where_even_the_scopes_wildcard_is_refused_the_item_is_rejected_and_nothing_else() -> None:
    cloudfront = PickyCloudFront("/blog/bad", "/blog/*")
    outcomes = deliver([Order(job("/blog/a", "/blog/bad", scope="/blog/"), E1)], cloudfront, pace())
    assert [list(each.job.scopes) for each in outcomes if isinstance(each, Rejected)] == [["/blog/bad"]]
    assert [each.items for each in outcomes if isinstance(each, Accepted)] == [("/blog/a",)]


def test_a_refused_item_that_its_scopes_wildcard_does_not_cover_is_rejected() -> None:
    outcomes = deliver([Order(job("/blog", "/blog/a", scope="/blog/"), E1)], PickyCloudFront("/blog"), pace())
    assert [list(each.job.scopes) for each in outcomes if isinstance(each, Rejected)] == [["/blog"]]
    assert [each.items for each in outcomes if isinstance(each, Accepted)] == [("/blog/", "/blog/*"), ("/blog/a",)]


def test_one_wildcard_stands_for_all_refused_items_of_a_scope() -> None:
    cloudfront = PickyCloudFront("/blog/a", "/blog/b")
    outcomes = deliver([Order(job("/blog/a", "/blog/b", scope="/blog/"), E1)], cloudfront, pace())
    assert [each.items for each in outcomes if isinstance(each, Accepted)] == [("/blog/", "/blog/*")]
    assert len(outcomes) == 1


def test_bisecting_ends_and_what_is_left_goes_on_later() -> None:
    cloudfront = PickyCloudFront(*(f"/{n:03}" for n in range(0, 150, 2)))
    outcomes = deliver([Order(job(*(f"/{n:03}" for n in range(150)), scope=None), E1)], cloudfront, pace())
    assert len(cloudfront.calls) <= 9
    spoken_for = {item for outcome in outcomes if not isinstance(outcome, Accepted) for item in outcome.job.scopes}
    assert spoken_for | {item for outcome in outcomes if isinstance(outcome, Accepted) for item in outcome.items} == {
        f"/{n:03}" for n in range(150)
    }


@pytest.mark.parametrize("place", [0, 1_499, 2_999])
def test_a_search_gets_on_however_many_items_a_request_holds(place: int) -> None:
    items = [f"/{n:04}" for n in range(3_000)]
    cloudfront, roomy = PickyCloudFront(items[place]), replace(E1, max_paths=3_000)
    left, rounds = job(*items, scope=None), 0
    outcomes: list[Outcome] = []
    while left.scopes:
        outcomes += deliver([Order(left, roomy)], cloudfront, pace())
        later = [outcome.job.scopes for outcome in outcomes[-1:] if isinstance(outcome, Deferred)]
        left, rounds = left._replace(scopes=later[0] if later else {}), rounds + 1
        assert rounds < 10
    assert [list(outcome.job.scopes) for outcome in outcomes if isinstance(outcome, Rejected)] == [[items[place]]]


def test_a_search_that_finds_nothing_but_refusals_gives_up_in_the_end() -> None:
    items = [f"/{n:03}" for n in range(150)]
    aged = job(*items, scope=None)._replace(oldest=NOW - 6 * 3600 - 1)
    for refusals in range(3):
        *_, outcome = deliver([Order(aged._replace(refusals=refusals), E1)], PickyCloudFront(*items), pace())
        assert isinstance(outcome, Deferred)
        assert outcome.job.refusals == refusals + 1
    *_, outcome = deliver([Order(aged._replace(refusals=3), E1)], PickyCloudFront(*items), pace())
    assert isinstance(outcome, Rejected)
    assert outcome.reason.startswith("gave-up")


def test_a_job_survives_its_message_whole() -> None:
    scopes = {"/a": "/", "/b*": None, "#tag": None}
    deferred = job("/a", "/b*", "#tag")._replace(scopes=scopes, refusals=3, rung=2, held_until=NOW)
    (body,) = messages(deferred, deferred="full")
    returned = parse_job(json.loads(body))
    assert returned == deferred._replace(sources=(deferred.digest,))
    assert returned.digest == deferred.digest


def test_a_large_job_becomes_messages_that_sqs_takes() -> None:
    large = job(*(f"/{n:05}/{'x' * 100}" for n in range(20_000)))
    bodies = list(messages(large, deferred="full"))
    assert max(len(body.encode()) for body in bodies) < 256_000
    assert merge(parse_job(json.loads(body)) for body in bodies).scopes == large.scopes


@pytest.mark.parametrize("item", ["#" + '"' * 250, "/" + "x" * 250])
@pytest.mark.parametrize("reason", ["full", "a page of words " * 1_000, "\U0001f600" * 10_000])
def test_no_message_is_too_large_whatever_items_and_reasons_hold(item: str, reason: str) -> None:
    large = job(*(f"{item}{n:05}" for n in range(3_000)))
    bodies = list(messages(large, deferred=reason))
    assert max(len(body.encode()) for body in bodies) < 256_000
    assert merge(parse_job(json.loads(body)) for body in bodies).scopes == large.scopes


def test_a_job_of_another_version_is_not_guessed_at() -> None:
    with pytest.raises(UnknownVersionError):
        parse_job({"purgemap_job": 99})


def test_jobs_of_one_distribution_merge_to_the_worst_of_them() -> None:
    old = job("/a", oldest=NOW - 50, scope="/a")._replace(refusals=2, rung=1)
    new = job("/a", "/b", scope="/")._replace(sources=("m-2",), throttled=4, held_until=NOW)
    assert merge([old, new]) == Job(
        E1.id, {"/a": "/", "/b": "/"}, ("m-1", "m-2"), NOW - 50, 2, refusals=2, throttled=4, rung=1, held_until=NOW
    )


def test_what_a_queue_did_not_take_is_named() -> None:
    outcomes: list[Outcome] = [Deferred(job(), 20, "full"), Rejected(job(distribution=E2.id), "gone")]
    queue, broken = MemoryQueue(), MemoryQueue("InternalError")
    assert keep(outcomes, queue, queue) == []
    assert [json.loads(message.body).get("rejected") for message in queue.messages] == [None, "gone"]
    assert [each.distribution for each in keep(outcomes, broken, queue)] == [E1.id]
    assert [each.distribution for each in keep(outcomes, None, None)] == [E1.id, E2.id]


@pytest.mark.parametrize("refusals", range(12))
def test_a_slot_comes_after_the_back_off_and_within_what_sqs_can_wait(refusals: int) -> None:
    for second in range(0, 2_000, 37):
        delay = delay_to_slot(E1.id, NOW + second, refusals=refusals)
        assert 0 < delay <= MAX_DELAY
        if 5 << refusals < MAX_DELAY / 2:
            assert delay >= 5 << refusals


def slots(refusals: int) -> set[int]:
    return {round(NOW + second + delay_to_slot(E1.id, NOW + second, refusals=refusals)) for second in range(640)}


def test_a_distribution_has_one_slot_a_round_where_batches_meet() -> None:
    assert len(slots(refusals=4)) <= 640 // 80 + 1


def test_jobs_that_were_refused_often_meet_those_that_were_not() -> None:
    assert {slot % 20 for slot in slots(refusals=1) | slots(refusals=4)} == {next(iter(slots(refusals=1))) % 20}


@pytest.mark.parametrize("now", [NOW, NOW + 123.4, NOW + 899.9])
def test_a_wildcard_slot_is_a_quarter_of_an_hour_and_never_too_near(now: float) -> None:
    begun, coming = last_wildcard_slot(E1.id, now), next_wildcard_slot(E1.id, now)
    assert now - 900 < begun <= now
    assert 10 <= coming - now <= 910
    assert (coming - begun) % 900 == 0
