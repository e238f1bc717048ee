"""The times of retries: fixed slots of each distribution, at which the jobs of several batches meet."""

import math
import zlib

# SQS delays a message by at most 15 minutes.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-delay-queues.html
MAX_DELAY_SECONDS = 900

_FIRST_DELAY_SECONDS = 5
# Every retry slot is at a multiple of this on the clock, so that the jobs of an account return together.
SLOT_INTERVAL_SECONDS = 20

# A distribution over its daily budget gets its wildcards this often: 96 times a day.
WILDCARD_INTERVAL_SECONDS = 900

# The clocks of functions differ. Shortly before a slot, a job is held for the next one. Another function may already
# send the slot's wildcards, without the job's changes.
_CLOCK_DIFFERENCE_SECONDS = 10


def retry_delay(distribution: str, now: float, *, failed_attempts: int) -> int:
    """Return the whole seconds until the distribution's first retry slot after its back-off.

    Each distribution has one fixed retry slot per interval. Jobs for the same distribution become visible at the same
    time and are merged into one call. A hash spreads distributions over the slots of a long interval, so no jitter is
    needed.
    """
    back_off = min(_FIRST_DELAY_SECONDS << min(failed_attempts, 10), MAX_DELAY_SECONDS)
    # The interval doubles with the back-off, so slots of long and short back-offs coincide. After the longest back-off,
    # which leaves no room below SQS's limit, the slot may come sooner.
    interval, max_interval = SLOT_INTERVAL_SECONDS, MAX_DELAY_SECONDS - back_off or MAX_DELAY_SECONDS
    while interval < back_off and interval * 2 <= max_interval:
        interval *= 2
    earliest = now + back_off
    offset = zlib.crc32(distribution.encode()) % interval // SLOT_INTERVAL_SECONDS * SLOT_INTERVAL_SECONDS
    slot = earliest + (offset - earliest) % interval
    while slot - now > MAX_DELAY_SECONDS and slot - interval > now:
        slot -= interval
    return min(math.ceil(slot - now), MAX_DELAY_SECONDS)


def next_slot(earliest: float, interval: int) -> float:
    """Return the first multiple of `interval` seconds at `earliest` or later, in seconds since the epoch."""
    return math.ceil(earliest / interval) * interval


def last_wildcard_slot(distribution: str, now: float) -> float:
    """Return the start of the distribution's current wildcard interval, in seconds since the epoch."""
    return now - (now - zlib.crc32(distribution.encode()) % WILDCARD_INTERVAL_SECONDS) % WILDCARD_INTERVAL_SECONDS


def next_wildcard_slot(distribution: str, now: float) -> float:
    """Return the start of the next wildcard interval for which a job can still be held."""
    return last_wildcard_slot(distribution, now + _CLOCK_DIFFERENCE_SECONDS) + WILDCARD_INTERVAL_SECONDS
