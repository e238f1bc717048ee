"""Wildcard limits under the strictest reading of CloudFront's quota: one wildcard a second, no burst."""

import json
from itertools import chain
from typing import Literal, TypeAlias

import pytest

from purgemap.delivery import Accepted, Deferred, RateLimit, WildcardLimits
from purgemap.delivery.wildcard_limits import SECONDS_PER_LEVEL
from purgemap.jobs import Job, PendingJob
from purgemap.routemap.compiled import Distribution
from simulation.environment import Environment, View
from simulation.faults import FaultPlan
from simulation.running import Run, RunOptions, open_run
from support.delivery import deliver
from support.doubles.clock import Clock
from support.doubles.cloudfront import Settings, Site
from support.doubles.cloudfront_settings import WILDCARD_RATE_WITHOUT_BURST
from support.doubles.memory import MemoryCloudFront
from support.payloads import s3_event

RateCode: TypeAlias = Literal["TooManyInvalidationsInProgress", "Throttling"]

NOW = 1_794_441_600.0
E1 = Distribution("E1EXAMPLE1ABCD")
SCOPES = [f"part-{letter}/" for letter in "abcdefghijkl"]


def build_environment(scopes: list[str]) -> Environment:
    """Build an environment of one distribution with a route per scope."""
    routes = [{"bucket": "site", "prefix": scope, "distributions": [E1.id]} for scope in scopes]
    environment = Environment({"version": 1, "routes": routes})
    environment.views += [View(Site(id=E1.id, bucket="site"), scope) for scope in scopes]
    return environment


def change_pages(run: Run, scope: str, pages: int) -> None:
    for page in range(pages):
        key = f"{scope}page-{page}.html"
        run.double.view(E1.id, f"/{key}")
        run.double.put("site", key)
        run.queue.put(json.dumps(s3_event("site", key)))


@pytest.mark.parametrize("code", ["TooManyInvalidationsInProgress", "Throttling"])
def test_wildcard_limits_prevent_second_refused_deploy(code: RateCode) -> None:
    settings = Settings(wildcard_rate=WILDCARD_RATE_WITHOUT_BURST, rate_code=code)
    with open_run(0, build_environment(SCOPES), FaultPlan(), settings, RunOptions()) as run:
        failed_attempts = []
        for _ in range(3):
            for scope in SCOPES:
                change_pages(run, scope, 60)
            run.settle()
            failed_attempts.append(run.double.ledger.outcomes()[code])
        assert (run.double.stale(), run.dead_letters.letters) == ([], [])
        assert failed_attempts == failed_attempts[:1] * 3
        assert failed_attempts[0] > 0
        requests = [accepted.items for accepted in run.double.accepted(E1.id)]
        wildcards = [[item for item in items if item.endswith("*")] for items in requests]
        assert {len(items) for items in wildcards} <= {0, 1}
        assert all(item.startswith(tuple(f"/{scope}" for scope in SCOPES)) for item in chain(*wildcards))


def refuse_pending(budget_level: int) -> tuple[PendingJob, Deferred]:
    job = Job(E1.id, {"/a": "/"}, ("m-1",), NOW, changes=1, budget_level=budget_level)
    return PendingJob(job, E1), Deferred(
        job._replace(budget_level=budget_level + 1), 20, "TooManyInvalidationsInProgress"
    )


@pytest.mark.parametrize(
    ("failed_attempts", "seconds", "wildcards"),
    [
        (0, 0, 10),
        (1, 0, 5),
        (2, 0, 2),
        (3, 0, 1),
        (9, 0, 1),
        (9, SECONDS_PER_LEVEL - 1, 1),
        (9, SECONDS_PER_LEVEL, 2),
        (9, 3 * SECONDS_PER_LEVEL, 10),
    ],
)
def test_wildcard_limits_follow_failures_and_expire(failed_attempts: int, seconds: float, wildcards: int) -> None:
    limits = WildcardLimits()
    for budget_level in range(failed_attempts):
        pending, refused = refuse_pending(budget_level)
        limits.record([pending], [refused], NOW)
    limited = limits.apply([refuse_pending(0)[0]], NOW + seconds)[0]
    assert (limited.distribution.max_wildcards, limited.distribution.max_paths) == (wildcards, E1.max_paths)


def test_wildcard_limits_return_to_last_level_after_failure() -> None:
    limits = WildcardLimits()
    for budget_level in range(3):
        pending, refused = refuse_pending(budget_level)
        limits.record([pending], [refused], NOW)
    later = NOW + SECONDS_PER_LEVEL
    pending, refused = refuse_pending(0)
    limits.record([pending], [refused], later)
    assert limits.apply([pending], later)[0].distribution.max_wildcards == 1


def test_wildcard_limits_keep_forced_wildcards() -> None:
    distribution = Distribution(E1.id, max_wildcards=15)
    scopes = {f"/{letter}/*": "/" for letter in "abcdefghijklmno"}
    limits, clock, cloudfront = WildcardLimits(), Clock(NOW), MemoryCloudFront()
    for budget_level in range(3):
        pending, refused = refuse_pending(budget_level)
        limits.record([pending], [refused], NOW)
    pending = limits.apply([PendingJob(Job(E1.id, scopes, ("m-1",), NOW, changes=15), distribution)], NOW)[0]
    outcomes = deliver([pending], cloudfront, RateLimit(now=clock, seconds_left=lambda: 900, sleep=clock.advance))
    assert [outcome.items for outcome in outcomes if isinstance(outcome, Accepted)] == [(item,) for item in scopes]


def test_wildcard_limits_ignore_waiting_job() -> None:
    limits = WildcardLimits()
    pending, refused = refuse_pending(1)
    limits.record([pending], [refused._replace(job=pending.job, reason="the function's time runs out")], NOW)
    assert limits.apply([pending], NOW)[0] == pending


def test_wildcard_limits_ignore_waiting_job_beside_held_job() -> None:
    limits = WildcardLimits()
    pending, refused = refuse_pending(1)
    held = PendingJob(pending.job._replace(budget_level=0, held_until=NOW), E1)
    limits.record([pending, held], [refused._replace(job=pending.job)], NOW)
    assert limits.apply([pending], NOW)[0] == pending


def test_sender_spaces_requests_of_one_job() -> None:
    clock, times = Clock(NOW), list[float]()

    class TimedCloudFront(MemoryCloudFront):
        def create_invalidation(self, distribution: Distribution, items: tuple[str, ...], caller_reference: str) -> str:
            times.append(clock())
            return super().create_invalidation(distribution, items, caller_reference)

    rate_limit = RateLimit(
        now=clock, seconds_left=lambda: NOW + 60 - clock.now, calls_per_second=5, sleep=clock.advance
    )
    job = Job(E1.id, {f"/{letter}/*": None for letter in "abcd"}, ("m-1",), NOW, changes=4, budget_level=3)
    other = Job("E2EXAMPLE2ABCD", {"/a": "/"}, ("m-1",), NOW, changes=1)
    deliver([PendingJob(job, E1), PendingJob(other, Distribution(other.distribution))], TimedCloudFront(), rate_limit)
    assert times == [NOW, NOW + 1, NOW + 2, NOW + 3, NOW + 3]


def test_wildcard_limits_keep_level_after_lower_success() -> None:
    limits = WildcardLimits()
    pending, refused = refuse_pending(1)
    limits.record([pending], [refused], NOW)
    job = pending.job
    limits.record([pending], [Accepted(job, ("/a",), "reference", "I1", ())], NOW)
    assert limits.apply([pending], NOW)[0].distribution.max_wildcards == 2
