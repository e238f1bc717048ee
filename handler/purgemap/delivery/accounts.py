"""The pending jobs of a batch, grouped by account: CloudFront limits the calls of an account, not of a distribution."""

from collections.abc import Iterable, Sequence
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
    for pending_job in sorted(pending, key=_age):
        jobs_by_account.setdefault(pending_job.distribution.account, []).append(pending_job)
    return [AccountJobs(jobs, any(job.is_retry for job in jobs)) for jobs in jobs_by_account.values()]


def _age(pending: PendingJob) -> tuple[float, str]:
    return pending.job.oldest_event_time, pending.job.distribution


def defer_excess(
    accounts: Iterable[AccountJobs], queue: Queue | None, rate_limit: RateLimit
) -> tuple[list[AccountJobs], list[Deferred]]:
    """Queue the jobs of accounts with more new jobs than a burst; return accounts to send now, and deferred jobs.

    More changes of the same deploy are probably on their way. If the jobs were sent now, each distribution would need
    a second call for them.
    Jobs that the queue does not accept are sent now.
    """
    ready_accounts, deferred = [], []
    for account in accounts:
        if queue is None or account.has_retries or len(account.jobs) <= rate_limit.burst_size(recently_used=False):
            ready_accounts.append(account)
            continue
        excess = [
            Deferred(
                pending.job, rate_limit.requeue_delay(position), "more distributions changed than calls in a burst"
            )
            for position, pending in enumerate(account.jobs)
        ]
        not_queued = {failure.distribution for failure in enqueue_outcomes(excess, queue, None)}
        deferred += [outcome for outcome in excess if outcome.job.distribution not in not_queued]
        if not_queued:
            jobs = [pending for pending in account.jobs if pending.job.distribution in not_queued]
            ready_accounts.append(AccountJobs(jobs, has_retries=False))
    return ready_accounts, deferred
