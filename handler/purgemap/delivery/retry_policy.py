"""A refusal → its job deferred, to come later and ask for less, or rejected where no retry can help."""

from purgemap.delivery.backoff import retry_delay
from purgemap.delivery.outcomes import Deferred, FailureKind, InvalidationError, Rejected
from purgemap.jobs import Job

# Rights lag behind a deployment; after that a denial is a mistake that no retry mends.
ACCESS_DENIED_GRACE_SECONDS = 15 * 60
MAX_JOB_AGE_SECONDS = 6 * 3600

# An event may be old when it is first seen (after an outage, or redriven): it is still tried some times.
MIN_ATTEMPTS_BEFORE_GIVING_UP = 3

# The rate is no fault of the job's size, until it keeps being one.
MAX_THROTTLES_AT_FULL_BUDGET = 3


def decide_retry(job: Job, refused: InvalidationError, now: float, *, made_progress: bool) -> Deferred | Rejected:
    """Say what becomes of a job that was refused, whether or not some of it was accepted before."""
    rejection_reason = _rejection_reason(job, refused, now)
    if rejection_reason:
        return Rejected(job, rejection_reason)
    # What got on is not stuck: it comes back as soon as after a first refusal.
    updated = _with_failure_recorded(refused.refusal, job._replace(failed_attempts=0) if made_progress else job)
    return Deferred(updated, retry_delay(job.distribution, now, failed_attempts=updated.failed_attempts), str(refused))


def _rejection_reason(job: Job, refused: InvalidationError, now: float) -> str:
    # While a job was held for its distribution's budget, nothing was tried.
    age = now - max(job.oldest_event_time, job.held_until)
    if refused.refusal is FailureKind.GONE:
        return str(refused)
    if refused.refusal is FailureKind.ACCESS_DENIED and age >= ACCESS_DENIED_GRACE_SECONDS:
        return str(refused)
    if age >= MAX_JOB_AGE_SECONDS and job.failed_attempts >= MIN_ATTEMPTS_BEFORE_GIVING_UP:
        return f"gave-up after {job.failed_attempts + 1} refusals, the last: {refused}"
    return ""


def _with_failure_recorded(refusal: FailureKind, job: Job) -> Job:
    """Return the job after a refusal: it comes later, and where its size may be to blame it asks for less."""
    updated = job._replace(failed_attempts=job.failed_attempts + 1)
    if refusal is FailureKind.THROTTLED:
        updated = updated._replace(throttled=job.throttled + 1)
    is_rates_fault = updated.throttled <= MAX_THROTTLES_AT_FULL_BUDGET
    if refusal is FailureKind.QUOTA_EXCEEDED or (refusal is FailureKind.THROTTLED and not is_rates_fault):
        updated = updated._replace(budget_level=job.budget_level + 1)
    return updated
