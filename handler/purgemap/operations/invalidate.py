"""Send jobs to CloudFront, and retry them within seconds until each is accepted, rejected or out of time."""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from purgemap.delivery import (
    MIN_SECONDS_FOR_CALL,
    Accepted,
    CloudFront,
    Deferred,
    Outcome,
    RateLimit,
    Rejected,
    group_by_account,
    send_jobs,
)
from purgemap.jobs import Job, PendingJob
from purgemap.planning import Listing, Request, plan_job

_MAX_DOUBLINGS = 10


class RetryTimes(NamedTuple):
    """Seconds until the first retry, between later ones at most, for the whole run, and between polls of --wait."""

    # A person waits for the command, so the minutes between the function's retries would be too long.
    first_wait: float = 2
    longest_wait: float = 30
    timeout: float = 600
    poll: float = 5
    sleep: Callable[[float], None] = time.sleep


def invalidate_jobs(
    pending_jobs: Iterable[PendingJob],
    cloudfront: CloudFront,
    listings: Mapping[str, Listing],
    times: RetryTimes,
    on_outcome: Callable[[Outcome], None],
) -> list[Accepted | Rejected]:
    """Send jobs until each is accepted, rejected or out of time; `on_outcome` gets each outcome at once."""
    final_outcomes: list[Accepted | Rejected] = []
    retries, remaining_jobs = 0, list(pending_jobs)
    distributions = {pending.job.distribution: pending.distribution for pending in remaining_jobs}
    deadline = time.monotonic() + times.timeout
    # Before a call the function needs a reserve of time. Here a call may start until the deadline.
    rate_limit = RateLimit(now=time.time, seconds_left=lambda: deadline - time.monotonic() + MIN_SECONDS_FOR_CALL)

    def plan(job: Job, max_paths: int, max_wildcards: int) -> list[Request]:
        return plan_job(job, max_paths, max_wildcards, listing_of=lambda job: listings.get(job.distribution))

    while remaining_jobs:
        outcomes = send_jobs(group_by_account(remaining_jobs), cloudfront, plan, rate_limit)
        wait = min(times.first_wait * 2 ** min(retries, _MAX_DOUBLINGS), times.longest_wait)
        if deadline - time.monotonic() < wait:
            outcomes = [_reject_deferred(outcome) for outcome in outcomes]
        for outcome in outcomes:
            on_outcome(outcome)
        final_outcomes += [outcome for outcome in outcomes if not isinstance(outcome, Deferred)]
        deferred_jobs = [outcome.job for outcome in outcomes if isinstance(outcome, Deferred)]
        remaining_jobs = [PendingJob(job, distributions[job.distribution], is_retry=True) for job in deferred_jobs]
        retries += 1
        if remaining_jobs:
            times.sleep(wait)
    return final_outcomes


def _reject_deferred(outcome: Outcome) -> Outcome:
    return Rejected(outcome.job, f"no time left; {outcome.reason}") if isinstance(outcome, Deferred) else outcome
