"""Jobs grouped by account, and the new ones beyond a burst, which are deferred."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from purgemap.delivery import Accepted, Deferred, QueueMessage, defer_excess, group_by_account, send_jobs
from purgemap.delivery.accounts import NEW_JOBS_SLOT_INTERVAL_SECONDS
from purgemap.delivery.backoff import MAX_DELAY_SECONDS, SLOT_INTERVAL_SECONDS
from purgemap.delivery.rate_limit import NEXT_BATCH_SECONDS
from purgemap.jobs import MAX_MESSAGE_BYTES, PendingJob
from purgemap.planning import plan_job
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


@pytest.mark.parametrize(("is_retry", "interval"), [(False, NEW_JOBS_SLOT_INTERVAL_SECONDS), (True, 20)])
@pytest.mark.parametrize("second", [0.0, 0.5, 7.0, 9.5, 19.0, 19.5])
def test_accounts_defer_more_jobs_than_calls_to_a_slot(second: float, interval: int, *, is_retry: bool) -> None:
    now = NOW // SLOT_INTERVAL_SECONDS * SLOT_INTERVAL_SECONDS + second
    pending = [pending._replace(is_retry=is_retry) for pending in build_pending(12)]
    _, outcomes = defer_excess(group_by_account(pending), MemoryQueue(), build_rate_limit(now=now))
    (delay,) = {outcome.delay for outcome in outcomes}
    assert 0 <= (now + delay) % interval < 1
    assert NEXT_BATCH_SECONDS <= delay <= interval + NEXT_BATCH_SECONDS


class PartlyFullQueue(MemoryQueue):
    """Refuses the first message of each call, and counts the calls."""

    calls = 0

    def send(self, messages: Sequence[QueueMessage]) -> list[str]:
        self.calls += 1
        return ["full", *super().send(messages[1:])]


def test_accounts_defer_the_excess_of_all_accounts_in_one_call() -> None:
    pending = build_pending(24)
    # So large that its message holds no other job.
    pending[0] = pending[0]._replace(job=pending[0].job._replace(scopes={f"/{'a' * MAX_MESSAGE_BYTES}": None}))
    elsewhere = replace(SITE, role_arn="arn:aws:iam::222222222222:role/p")
    others = [PendingJob(job, replace(elsewhere, id=job.distribution)) for job, *_ in pending[12:]]
    queue = PartlyFullQueue()
    ready, deferred = defer_excess(group_by_account([*pending[:12], *others]), queue, build_rate_limit())
    refused, *_ = pending
    assert queue.calls == 1
    assert [account.jobs for account in ready] == [[refused]]
    assert len(deferred) == 23


def test_accounts_send_retries_with_new_jobs() -> None:
    accounts = group_by_account([*build_pending(10), PendingJob(build_job(), SITE, is_retry=True)])
    assert defer_excess(accounts, MemoryQueue(), build_rate_limit()) == (accounts, [])


def test_accounts_keep_jobs_for_the_calls_of_a_turn() -> None:
    pending = [pending._replace(is_retry=True, is_changing=False) for pending in build_pending(30)]
    (account,), deferred = defer_excess(group_by_account(pending), MemoryQueue(), build_rate_limit())
    assert (account.jobs, account.slot_interval) == (pending[:11], SLOT_INTERVAL_SECONDS)
    assert [outcome.job for outcome in deferred] == [job for job, *_ in pending[11:]]


@pytest.mark.parametrize(("age", "is_sent"), [(0, False), (39, False), (40, True)])
def test_accounts_let_changing_distribution_wait_40_seconds(age: int, *, is_sent: bool) -> None:
    settled = [pending._replace(is_retry=True, is_changing=False) for pending in build_pending(10)]
    job = build_job("/new")._replace(oldest_event_time=NOW - age)
    others = [pending._replace(job=pending.job._replace(oldest_event_time=NOW)) for pending in build_pending(5)]
    accounts = group_by_account([*settled, *others, PendingJob(job, SITE, is_retry=True)])
    (account,), _ = defer_excess(accounts, MemoryQueue(), build_rate_limit())
    assert (job in [pending.job for pending in account.jobs]) is is_sent
    assert len(account.jobs) == 10 + is_sent


def test_accounts_without_queue_send_all_jobs() -> None:
    accounts = group_by_account([pending._replace(is_retry=True) for pending in build_pending(30)])
    assert defer_excess(accounts, None, build_rate_limit()) == (accounts, [])


def test_accounts_delay_later_positions_further() -> None:
    now = NOW // SLOT_INTERVAL_SECONDS * SLOT_INTERVAL_SECONDS - 1
    _, outcomes = defer_excess(group_by_account(build_pending(3_000)), MemoryQueue(), build_rate_limit(now=now))
    delays = [outcome.delay for outcome in outcomes]
    assert delays[:1_000] == [1] * 1_000
    assert delays == sorted(delays)
    assert delays[1_100] == 1 + 100 / 0.5
    assert delays[-1] == MAX_DELAY_SECONDS


def test_accounts_delay_excess_like_jobs_without_time() -> None:
    accounts = [
        account._replace(slot_interval=NEW_JOBS_SLOT_INTERVAL_SECONDS)
        for account in group_by_account(build_pending(3_000))
    ]
    late = send_jobs(accounts, MemoryCloudFront(), plan_job, build_rate_limit(lambda: 0.0))
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
