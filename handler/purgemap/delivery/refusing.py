"""A refusal → its job deferred, to come later and ask for less, or rejected where no retry can help."""

from purgemap.delivery.outcomes import Deferred, Refusal, RefusedError, Rejected
from purgemap.jobs import Job
from purgemap.slots import delay_to_slot

# Rights lag behind a deployment; after that a denial is a mistake that no retry mends.
SECONDS_UNTIL_DENIED_FOR_GOOD = 15 * 60
SECONDS_UNTIL_GIVING_UP = 6 * 3600

# An event may be old when it is first seen (after an outage, or redriven): it is still tried some times.
REFUSALS_BEFORE_GIVING_UP = 3

# The rate is no fault of the job's size, until it keeps being one.
THROTTLES_BEFORE_TIGHTENING = 3


def after_refusal(job: Job, refused: RefusedError, now: float, *, got_on: bool) -> Deferred | Rejected:
    """Say what becomes of a job that was refused, whether or not some of it was accepted before."""
    why_hopeless = _why_hopeless(job, refused, now)
    if why_hopeless:
        return Rejected(job, why_hopeless)
    # What got on is not stuck: it comes back as soon as after a first refusal.
    pressed = _pressed_by(refused.refusal, job._replace(refusals=0) if got_on else job)
    return Deferred(pressed, delay_to_slot(job.distribution, now, refusals=pressed.refusals), str(refused))


def _why_hopeless(job: Job, refused: RefusedError, now: float) -> str:
    # While a job was held for its distribution's budget, nothing was tried.
    age = now - max(job.oldest, job.held_until)
    if refused.refusal is Refusal.GONE:
        return str(refused)
    if refused.refusal is Refusal.DENIED and age >= SECONDS_UNTIL_DENIED_FOR_GOOD:
        return str(refused)
    if age >= SECONDS_UNTIL_GIVING_UP and job.refusals >= REFUSALS_BEFORE_GIVING_UP:
        return f"gave-up after {job.refusals + 1} refusals, the last: {refused}"
    return ""


def _pressed_by(refusal: Refusal, job: Job) -> Job:
    """Return the job after a refusal: it comes later, and where its size may be to blame it asks for less."""
    pressed = job._replace(refusals=job.refusals + 1)
    if refusal is Refusal.THROTTLED:
        pressed = pressed._replace(throttled=job.throttled + 1)
    is_rates_fault = pressed.throttled <= THROTTLES_BEFORE_TIGHTENING
    if refusal is Refusal.FULL or (refusal is Refusal.THROTTLED and not is_rates_fault):
        pressed = pressed._replace(rung=job.rung + 1)
    return pressed
