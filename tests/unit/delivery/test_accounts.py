"""Jobs grouped by account, and the new ones beyond a burst, which are deferred."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from purgemap.delivery import Accepted, Deferred, QueueMessage, defer_excess, group_by_account
from purgemap.delivery.backoff import MAX_DELAY_SECONDS
from purgemap.jobs import PendingJob
from purgemap.routemap import Distribution
from support.delivery import SITE, build_job, build_pending, build_rate_limit, deliver
from support.doubles.memory import MemoryCloudFront, MemoryQueue
from support.ids import E1, E2, E3, NOW


@pytest.mark.parametrize(("jobs", "deferred"), [(10, 0), (11, 11)])
def test_accounts_defer_more_new_jobs_than_a_burst(jobs: int, deferred: int) -> None:
    elsewhere = replace(SITE, role_arn="arn:aws:iam::222222222222:role/p")
    accounts = group_by_account([*build_pending(jobs), PendingJob(build_job(), elsewhere)])
    _, outcomes = defer_excess(accounts, MemoryQueue(), build_rate_limit())
    assert [(outcome.job.distribution, outcome.delay) for outcome in outcomes] == [
        (f"E{n:013}", 1) for n in range(deferred)
    ]


class PartlyFullQueue(MemoryQueue):
    """Refuses the first message of each call, and counts the calls."""

    calls = 0

    def send(self, messages: Sequence[QueueMessage]) -> list[str]:
        self.calls += 1
        return ["full", *super().send(messages[1:])]


def test_accounts_defer_the_excess_of_all_accounts_in_one_call() -> None:
    pending = build_pending(24)
    elsewhere = replace(SITE, role_arn="arn:aws:iam::222222222222:role/p")
    others = [PendingJob(job, replace(elsewhere, id=job.distribution)) for job, *_ in pending[12:]]
    queue = PartlyFullQueue()
    ready, deferred = defer_excess(group_by_account([*pending[:12], *others]), queue, build_rate_limit())
    refused, *_ = pending
    assert queue.calls == 1
    assert [account.jobs for account in ready] == [[refused]]
    assert len(deferred) == 23


def test_accounts_send_retries_with_new_jobs() -> None:
    accounts = group_by_account([*build_pending(30), PendingJob(build_job(), SITE, is_retry=True)])
    assert defer_excess(accounts, MemoryQueue(), build_rate_limit()) == (accounts, [])


def test_accounts_delay_later_positions_further() -> None:
    _, outcomes = defer_excess(group_by_account(build_pending(3_000)), MemoryQueue(), build_rate_limit())
    delays = [outcome.delay for outcome in outcomes]
    assert delays[:1_000] == [1] * 1_000
    assert delays == sorted(delays)
    assert delays[1_100] == 100 / 0.5
    assert delays[-1] == MAX_DELAY_SECONDS


def test_accounts_delay_excess_like_jobs_without_time() -> None:
    late = deliver(build_pending(3_000), MemoryCloudFront(), build_rate_limit(lambda: 0.0))
    _, excess = defer_excess(group_by_account(build_pending(3_000)), MemoryQueue(), build_rate_limit())
    delays = [outcome.delay for outcome in late if isinstance(outcome, Deferred)]
    assert delays == [outcome.delay for outcome in excess]


def test_accounts_have_a_burst_each() -> None:
    cloudfront = MemoryCloudFront()
    roles = [None, "arn:aws:iam::222222222222:role/p", "arn:aws:iam::333333333333:role/p"]
    pending_jobs = [
        PendingJob(build_job(distribution=f"E{n:013}"), Distribution(f"E{n:013}", role_arn=roles[n % 3]))
        for n in range(30)
    ]
    assert sum(isinstance(outcome, Accepted) for outcome in deliver(pending_jobs, cloudfront, build_rate_limit())) == 30


def test_accounts_put_oldest_change_first() -> None:
    ids = [E1, E2, E3]
    pending_jobs = [
        PendingJob(build_job("/a")._replace(distribution=id_, oldest_event_time=NOW - age), Distribution(id_))
        for age, id_ in enumerate(ids)
    ]
    cloudfront = MemoryCloudFront()
    deliver(pending_jobs, cloudfront, build_rate_limit())
    assert [distribution for distribution, _, _ in cloudfront.calls] == ids[::-1]
