"""The pending jobs of a batch, grouped by account: CloudFront limits the calls of an account, not of a distribution."""

from collections.abc import Sequence
from typing import NamedTuple

from purgemap.delivery.backoff import SLOT_INTERVAL_SECONDS
from purgemap.delivery.outcomes import Deferred
from purgemap.delivery.queueing import Queue, enqueue_outcomes
from purgemap.delivery.rate_limit import RateLimit
from purgemap.jobs import PendingJob

_REASON = "more distributions changed than calls in a burst"

# New jobs meet those of other batches every ten seconds. Deferred ones return as often as a batch ends its calls.
NEW_JOBS_SLOT_INTERVAL_SECONDS = 10

# In a crowded account, a distribution that still changes waits for the end of its changes, but not longer than this.
MAX_SECONDS_WHILE_CHANGING = 40


class AccountJobs(NamedTuple):
    """The jobs of one account, those with the oldest changes first.

    `has_retries` if any of them was deferred before. An account is crowded if it has more jobs than calls. Then its
    deferred jobs return at a multiple of `slot_interval` seconds on the clock, else that is 0.
    """

    jobs: Sequence[PendingJob]
    has_retries: bool
    slot_interval: int = 0


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
    accounts = [account._replace(slot_interval=_slot_interval(account, rate_limit)) for account in accounts]
    excess = [
        Deferred(pending.job, rate_limit.requeue_delay(position, account.slot_interval), _REASON)
        for account, jobs in zip(accounts, excess_by_account, strict=True)
        for position, pending in enumerate(jobs)
    ]
    not_queued = {failure.distribution for failure in enqueue_outcomes(excess, queue, None)}
    deferred = [outcome for outcome in excess if outcome.job.distribution not in not_queued]
    waiting = {id(outcome.job) for outcome in deferred}
    ready = [
        account._replace(jobs=[pending for pending in account.jobs if id(pending.job) not in waiting])
        for account in accounts
    ]
    return [account for account in ready if account.jobs], deferred


def _slot_interval(account: AccountJobs, rate_limit: RateLimit) -> int:
    if len(account.jobs) <= rate_limit.max_calls():
        return 0
    return SLOT_INTERVAL_SECONDS if account.has_retries else NEW_JOBS_SLOT_INTERVAL_SECONDS


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
