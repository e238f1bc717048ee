"""The retry of a job whose request failed: whether and when, and how much it may then send."""

from purgemap.delivery.backoff import retry_delay
from purgemap.delivery.outcomes import Deferred, FailureKind, InvalidationError, Rejected
from purgemap.jobs import Job

# New permissions take effect some time after a deployment. A denial after this time is a mistake, which no retry fixes.
ACCESS_DENIED_GRACE_SECONDS = 15 * 60
MAX_JOB_AGE_SECONDS = 6 * 3600

# An event may be old when it is first received, after an outage or a redrive. It still gets some attempts.
MIN_ATTEMPTS_BEFORE_GIVING_UP = 3

# Throttling is rarely caused by the size of a request, so the first ones leave the budget as it is.
MAX_THROTTLES_AT_FULL_BUDGET = 3


def decide_retry(job: Job, error: InvalidationError, now: float, *, made_progress: bool) -> Deferred | Rejected:
    """Defer the unsent items of a job, or reject them; `made_progress` if CloudFront accepted others."""
    reason = _rejection_reason(job, error, now)
    if reason:
        return Rejected(job, reason)
    # A job that made progress is not stuck: its back-off starts anew.
    job = _with_failure_recorded(error.kind, job._replace(failed_attempts=0) if made_progress else job)
    return Deferred(job, retry_delay(job.distribution, now, failed_attempts=job.failed_attempts), str(error))


def _rejection_reason(job: Job, error: InvalidationError, now: float) -> str:
    # A job that was held for the daily budget made no attempt in that time.
    age = now - max(job.oldest_event_time, job.held_until)
    if error.kind is FailureKind.NOT_FOUND:
        return str(error)
    if error.kind is FailureKind.ACCESS_DENIED and age >= ACCESS_DENIED_GRACE_SECONDS:
        return str(error)
    if age >= MAX_JOB_AGE_SECONDS and job.failed_attempts >= MIN_ATTEMPTS_BEFORE_GIVING_UP:
        return f"gave up after {job.failed_attempts + 1} failed attempts; last error: {error}"
    return ""


def _with_failure_recorded(kind: FailureKind, job: Job) -> Job:
    """Return the job with one more failed attempt, and a smaller budget if its size may be the cause."""
    throttled = job.throttled + (kind is FailureKind.THROTTLED)
    is_too_large = kind is FailureKind.QUOTA_EXCEEDED or (
        kind is FailureKind.THROTTLED and throttled > MAX_THROTTLES_AT_FULL_BUDGET
    )
    return job._replace(
        failed_attempts=job.failed_attempts + 1, throttled=throttled, budget_level=job.budget_level + is_too_large
    )
