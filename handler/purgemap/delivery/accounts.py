"""The pending jobs of a batch, grouped by account: CloudFront limits the calls of an account, not of a distribution."""

from collections.abc import Sequence
from typing import NamedTuple

from purgemap.delivery.outcomes import Deferred
from purgemap.delivery.queueing import Queue, enqueue_outcomes
from purgemap.delivery.rate_limit import RateLimit
from purgemap.jobs import PendingJob

_REASON = "more distributions changed than calls in a burst"

# In a crowded account, a distribution that still changes waits for the end of its changes, but not longer than this.
MAX_SECONDS_WHILE_CHANGING = 40


class AccountJobs(NamedTuple):
    """The jobs of one account, those with the oldest changes first.

    `has_retries` if any of them was deferred before. `is_crowded` if there were more jobs than calls, so that others
    were deferred.
    """

    jobs: Sequence[PendingJob]
    has_retries: bool
    is_crowded: bool = False


def group_by_account(pending: Sequence[PendingJob]) -> list[AccountJobs]:
    """Group pending jobs by the account of their distribution."""
    if len(pending) == 1:
        return [AccountJobs(pending, pending[0].is_retry)]
    jobs_by_account: dict[str, list[PendingJob]] = {}
    for pending_job in sorted(pending, key=lambda pending: (pending.job.oldest_event_time, pending.job.distribution)):
        jobs_by_account.setdefault(pending_job.distribution.account, []).append(pending_job)
    return [AccountJobs(jobs, any(job.is_retry for job in jobs)) for jobs in jobs_by_account.values()]


def defer_excess(
    accounts: list[AccountJobs], queue: Queue | None, rate_limit: RateLimit
) -> tuple[list[AccountJobs], list[Deferred]]:
    """Queue the jobs of crowded accounts that must wait; return the jobs to send now, and the deferred ones.

    They are queued before the first call, so that they return when the calls of this batch end. Jobs that the queue
    does not accept are sent now.
    """
    excess_by_account = [_excess(account, rate_limit) if queue else [] for account in accounts]
    if not any(excess_by_account):
        return accounts, []
    is_crowded = [len(account.jobs) > rate_limit.max_calls() for account in accounts]
    excess = [
        Deferred(pending.job, rate_limit.requeue_delay(position, is_crowded=crowded), _REASON)
        for jobs, crowded in zip(excess_by_account, is_crowded, strict=True)
        for position, pending in enumerate(jobs)
    ]
    not_queued = {failure.distribution for failure in enqueue_outcomes(excess, queue, None)}
    deferred = [outcome for outcome in excess if outcome.job.distribution not in not_queued]
    waiting = {id(outcome.job) for outcome in deferred}
    ready = [
        AccountJobs([pending for pending in jobs if id(pending.job) not in waiting], has_retries, crowded)
        for (jobs, has_retries, _), crowded in zip(accounts, is_crowded, strict=True)
    ]
    return [account for account in ready if account.jobs], deferred


def _excess(account: AccountJobs, rate_limit: RateLimit) -> Sequence[PendingJob]:
    """Return the jobs of an account that must wait.

    Of an account without retries, all: more changes of the same deploy are probably on their way. Sent now, each
    distribution would need a second call.
    """
    if not account.has_retries:
        return account.jobs if len(account.jobs) > rate_limit.burst_size(recently_used=False) else []
    if len(account.jobs) <= rate_limit.max_calls():
        return []
    oldest_to_wait = rate_limit.now() - MAX_SECONDS_WHILE_CHANGING
    changing: list[PendingJob] = []
    settled: list[PendingJob] = []
    for pending in account.jobs:
        is_early = pending.is_changing and pending.job.oldest_event_time > oldest_to_wait
        (changing if is_early else settled).append(pending)
    return [*settled[rate_limit.max_calls() :], *changing]
