"""Bursts of changes: each distribution is invalidated once, in the time that CloudFront's rate allows."""

import json
from collections import Counter

import pytest

from simulation.bursts import Burst, build_environment, run_burst, seconds_to_fresh
from simulation.environment import Environment, View
from simulation.faults import FaultPlan
from simulation.lambdas import TIMEOUT_SECONDS
from simulation.queues import Entry
from simulation.reporting import collect_figures
from simulation.running import Run, RunOptions, open_run, parse_queued_jobs
from support.doubles.cloudfront import ACCOUNT, Fault, Settings, Site
from support.payloads import s3_event

CREATE = "CreateInvalidation"
HEALTHY, DELETED, THROTTLED = "E0000000000HEALTHY", "E0000000000DELETED", "E000000000THROTTLED"


def all_fresh_and_nothing_left(run: Run) -> bool:
    return not (run.double.stale() or run.queue.waiting() or run.dead_letters.letters or run.bugs)


def change(run: Run, distribution: str, bucket: str, key: str) -> None:
    """Let a viewer cache an object, then overwrite it."""
    run.double.view(distribution, f"/{key}")
    run.double.put(bucket, key)
    run.queue.put(json.dumps(s3_event(bucket, key)))


def test_burst_over_500_distributions_is_fresh_and_sent_once() -> None:
    burst = Burst(distributions=500, events=2_000, seconds=5, calls_per_second=0.5)
    with run_burst(burst) as run:
        assert all_fresh_and_nothing_left(run)
        covered_items = [
            Counter(item for accepted in run.double.accepted(name) for item in accepted.items)
            for name in run.environment.sites
        ]
        assert all(set(items.values()) == {1} for items in covered_items)
        assert max(invocation.seconds for invocation in run.source.invocations) < TIMEOUT_SECONDS
        assert {invocation.end for invocation in run.source.invocations} == {"answered"}


def test_burst_of_100000_events_costs_few_calls() -> None:
    burst = Burst(distributions=500, events=100_000, seconds=120, calls_per_second=2)
    with run_burst(burst) as run:
        assert all_fresh_and_nothing_left(run)
        assert collect_figures(run).calls <= 2.5 * burst.distributions
        assert seconds_to_fresh(run.double, run.environment, burst) <= 2.25 * burst.floor
        assert max(invocation.seconds for invocation in run.source.invocations) < TIMEOUT_SECONDS


def test_burst_on_forty_routes_stays_in_quota_and_scopes() -> None:
    scopes = [f"part{number}/" for number in range(40)]
    site = Site(id=HEALTHY, bucket="site")
    environment = Environment(
        {
            "version": 1,
            "routes": [{"bucket": "site", "prefix": scope, "distributions": [site.id]} for scope in scopes],
        }
    )
    environment.views += [View(site, scope) for scope in scopes]
    settings = Settings(wildcards_in_progress=2, paths_in_progress=60)
    with open_run(0, environment, FaultPlan(), settings, RunOptions()) as run:
        for scope in scopes:
            for page in range(20):
                change(run, site.id, "site", f"{scope}page-{page}.html")
        run.settle()
        assert all_fresh_and_nothing_left(run)
        wildcards = [item for each in run.double.accepted(site.id) for item in each.items if item.endswith("*")]
        assert run.double.ledger.outcomes()["TooManyInvalidationsInProgress"]  # there was pressure
        assert wildcards
        assert all(item.startswith(tuple(f"/{scope}" for scope in scopes)) for item in wildcards)


def test_healthy_distribution_is_called_once_beside_failing() -> None:
    names = [HEALTHY, DELETED, THROTTLED]
    environment = Environment(
        {"version": 1, "routes": [{"bucket": name.lower(), "distributions": [name]} for name in names]},
    )
    environment.views += [View(Site(id=name, bucket=name.lower()), "") for name in names]
    with open_run(0, environment, FaultPlan(), Settings(), RunOptions()) as run:
        begin = run.timeline.clock()
        run.double.faults.add(Fault(error="Throttling", distribution=THROTTLED, times=None, until=begin + 600))
        for name in names:
            change(run, name, name.lower(), "page.html")
        run.remove(DELETED)
        run.settle()
        assert run.double.stale() == []
        assert run.double.ledger.outcomes(operation=CREATE, distribution=HEALTHY) == {"accepted": 1}
        assert run.double.ledger.outcomes(distribution=THROTTLED)["accepted"] == 1
        (letter,) = [json.loads(letter.body) for letter in run.dead_letters.letters]
        assert (letter["distribution"], letter["rejected"].partition(":")[0]) == (DELETED, "NoSuchDistribution")


@pytest.mark.parametrize(("distributions", "deferrals"), [(10, 0), (30, 60)])
def test_batch_delivered_twice_is_billed_once(distributions: int, deferrals: int) -> None:
    keys = [f"sites/s{number % distributions}/page-{number}.html" for number in range(300)]
    batch = [Entry(f"x-{key}", json.dumps(s3_event("sites", key)), 0.0) for key in keys]
    with open_run(0, build_environment(distributions), FaultPlan(), Settings(call_rate=None), RunOptions()) as run:
        assert [run.source.invoke(batch), run.source.invoke(batch)] == [set(), set()]
        deferred = [job for entry in run.queue.entries for job in parse_queued_jobs(entry.body)]
        assert len(deferred) == deferrals
        run.settle()
        outcomes = run.double.ledger.outcomes()
        assert outcomes["accepted"] == distributions
        assert run.double.ledger.billed_paths[ACCOUNT] == len(keys)
