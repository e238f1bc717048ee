"""The pending jobs of a batch, grouped by account: CloudFront limits the calls of an account, not of a distribution."""

from collections.abc import Sequence
from typing import NamedTuple

from purgemap.delivery.outcomes import Deferred
from purgemap.delivery.queueing import Queue, enqueue_outcomes
from purgemap.delivery.rate_limit import RateLimit
from purgemap.jobs import PendingJob


class AccountJobs(NamedTuple):
    """The jobs of one account, those with the oldest changes first; whether any of them is a retry."""

    jobs: Sequence[PendingJob]
    has_retries: bool


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
    """Queue the jobs of accounts that have more new jobs than a burst; return those to send now, and the deferred ones.

    More changes of the same deploy are probably on their way. Sent now, each distribution would need a second call.
    Jobs that the queue does not accept are sent now.
    """
    burst = rate_limit.burst_size(recently_used=False)
    excess = [
        Deferred(pending.job, rate_limit.requeue_delay(position), "more distributions changed than calls in a burst")
        for account in accounts
        if queue and not account.has_retries and len(account.jobs) > burst
        for position, pending in enumerate(account.jobs)
    ]
    if not excess:
        return accounts, []
    not_queued = {failure.distribution for failure in enqueue_outcomes(excess, queue, None)}
    deferred = [outcome for outcome in excess if outcome.job.distribution not in not_queued]
    waiting = {outcome.job.distribution for outcome in deferred}
    ready = [
        AccountJobs([pending for pending in jobs if pending.job.distribution not in waiting], has_retries)
        for jobs, has_retries in accounts
    ]
    return [account for account in ready if account.jobs], deferred
