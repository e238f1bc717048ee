"""Send jobs to CloudFront: one call after another in an account, accounts in parallel."""

import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from purgemap.delivery.accounts import AccountJobs
from purgemap.delivery.attempt import Attempt, caller_reference
from purgemap.delivery.call_settings import MIN_SECONDS_FOR_CALL
from purgemap.delivery.daily_budget import DailyBudgets
from purgemap.delivery.outcomes import Accepted, CloudFront, Deferred, FailureKind, InvalidationError, Outcome, Rejected
from purgemap.delivery.rate_limit import MIN_SECONDS_BETWEEN_REQUESTS_OF_JOB, RateLimit
from purgemap.delivery.retry_policy import decide_retry
from purgemap.jobs import Job, PendingJob
from purgemap.planning import Request
from purgemap.routemap import Distribution

PlanJob = Callable[[Job, int, int], list[Request]]
"""Plans a job within a number of paths and of wildcards per request; a job without a call is never planned."""

# Threads mostly wait, for an answer or for the next call.
_MAX_THREADS = 64


def send_jobs(
    accounts: Sequence[AccountJobs],
    cloudfront: CloudFront,
    plan: PlanJob,
    rate_limit: RateLimit,
    budgets: DailyBudgets | None = None,
) -> list[Outcome]:
    """Send the jobs of each account; without `budgets`, max_paths_per_day is not applied."""
    senders = [_AccountSender(account, cloudfront, plan, rate_limit, budgets) for account in accounts]
    if len(senders) <= 1:
        return [outcome for sender in senders for outcome in sender.send()]
    with ThreadPoolExecutor(max_workers=min(len(senders), _MAX_THREADS)) as pool:
        return [outcome for outcomes in pool.map(_AccountSender.send, senders) for outcome in outcomes]


class _AccountSender:
    """The state of sending one account's jobs: when the next call may start, and whether the account is throttled."""

    def __init__(
        self,
        account: AccountJobs,
        cloudfront: CloudFront,
        plan: PlanJob,
        rate_limit: RateLimit,
        budgets: DailyBudgets | None,
    ) -> None:
        self._jobs = account.jobs
        self._cloudfront = cloudfront
        self._plan = plan
        self._rate_limit = rate_limit
        self._budgets = budgets
        self._burst_left = rate_limit.burst_size(recently_used=account.has_retries)
        self._last_call = -math.inf
        self._deferred = 0
        self._is_throttled = False
        self._slot_interval = account.slot_interval

    def send(self) -> list[Outcome]:
        return [outcome for pending in self._jobs for outcome in self._send_job(pending)]

    def _send_job(self, pending: PendingJob) -> Iterator[Outcome]:
        job, distribution, *_ = pending
        attempt = Attempt(job)
        # A job that makes no call in this batch reads no history either.
        if self._budgets and distribution.max_paths_per_day and not self._blocked_reason(attempt):
            admitted = self._budgets.admit(job, distribution, self._plan, self._rate_limit)
            if isinstance(admitted, Deferred):
                yield admitted
                return
            attempt = Attempt(admitted.job)
            attempt.requests = admitted.requests
        while attempt.has_more_requests():
            attempt.blocked_reason = self._blocked_reason(attempt)
            if attempt.blocked_reason:
                break
            if attempt.requests is None:
                # A plan of many items takes seconds: the time is checked again before the call.
                attempt.requests = self._plan(attempt.job, distribution.max_paths, distribution.max_wildcards)
            else:
                yield from self._send_request(attempt, distribution)
        yield from self._resolve_unsent(attempt)

    def _blocked_reason(self, attempt: Attempt) -> str:
        """Return why no call may start now, "" if one may."""
        if not self._has_time(attempt):
            return "the function's time runs out"
        if attempt.search_calls_left <= 0:
            return "the search for the items that CloudFront rejects continues"
        return "the account is throttled" if self._is_throttled else ""

    def _has_time(self, attempt: Attempt) -> bool:
        """Return whether enough time will be left when the next call may start."""
        return self._rate_limit.seconds_left() - self._seconds_to_next_call(attempt) >= MIN_SECONDS_FOR_CALL

    def _seconds_to_next_call(self, attempt: Attempt) -> float:
        """Return the seconds until the next call may start. A call that continues a job is never part of the burst."""
        interval = 0.0 if self._burst_left > 0 else 1 / self._rate_limit.calls_per_second
        if attempt.made_progress:
            interval = max(1 / self._rate_limit.calls_per_second, MIN_SECONDS_BETWEEN_REQUESTS_OF_JOB)
        return max(0.0, self._last_call + interval - self._rate_limit.now())

    def _send_request(self, attempt: Attempt, distribution: Distribution) -> Iterator[Accepted]:
        items = attempt.next_request()
        reference = caller_reference(attempt.job, items)
        self._rate_limit.sleep(self._seconds_to_next_call(attempt))
        self._burst_left -= 1
        self._last_call = sent = self._rate_limit.now()
        try:
            invalidation = self._cloudfront.create_invalidation(distribution, items, reference)
        except InvalidationError as error:
            attempt.fail(items, error)
        else:
            if self._budgets:
                self._budgets.record(distribution, invalidation, items, sent)
            yield attempt.accept(items, reference, invalidation)

    def _resolve_unsent(self, attempt: Attempt) -> Iterator[Deferred | Rejected]:
        """Defer or reject the items that CloudFront did not accept."""
        invalid, unsent = attempt.unsent_items()
        if invalid:
            job = attempt.job._replace(scopes=invalid)
            yield Rejected(job, "InvalidArgument: CloudFront accepts none of these items")
        if unsent:
            yield self._retry_or_reject(attempt, attempt.job._replace(scopes=unsent))

    def _retry_or_reject(self, attempt: Attempt, job: Job) -> Deferred | Rejected:
        if attempt.error is None:
            delay = self._rate_limit.requeue_delay(self._deferred, self._slot_interval)
            self._deferred += 1
            return Deferred(job, delay, attempt.blocked_reason)
        if attempt.error.kind is FailureKind.THROTTLED:
            self._is_throttled = True
        return decide_retry(job, attempt.error, self._rate_limit.now(), made_progress=attempt.made_progress)
