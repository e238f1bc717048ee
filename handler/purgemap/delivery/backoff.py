"""When a job is tried again that CloudFront refused, or that is over a budget: its distribution's next slot."""

import math
import zlib

# SQS can't hold a message back for longer.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-delay-queues.html
MAX_DELAY = 900

_FIRST_DELAY = 5
_SHORTEST_ROUND = 20

SECONDS_BETWEEN_WILDCARDS = 900
"""How often a distribution over its daily budget gets its wildcards: 96 times a day."""

# Functions' clocks may differ by this: what one holds until a slot must have changed before another sends in it.
_SECONDS_BEFORE_A_SLOT = 10


def retry_delay(distribution: str, now: float, *, failed_attempts: int) -> int:
    """Return the whole seconds until the distribution's first slot after its back-off.

    A distribution has one slot a round, always at the same second of it: so what several batches want of it meets
    there and goes as one call. That is why no jitter is added: distributions are spread over the round already.
    A round grows with the back-off, by doubling, so that jobs which were refused often still meet, each other and
    the new ones: apart they would keep CloudFront full for one another.
    """
    round_seconds = _SHORTEST_ROUND
    back_off = min(_FIRST_DELAY << min(failed_attempts, 10), MAX_DELAY)
    # SQS sets the limit; after the longest back-off, which leaves no room, the slot may come sooner than it.
    longest_round = MAX_DELAY - back_off or MAX_DELAY
    while round_seconds < back_off and round_seconds * 2 <= longest_round:
        round_seconds *= 2
    earliest = now + back_off
    place = zlib.crc32(distribution.encode()) % round_seconds
    slot = earliest + (place - earliest) % round_seconds
    while slot - now > MAX_DELAY and slot - round_seconds > now:
        slot -= round_seconds
    return min(math.ceil(slot - now), MAX_DELAY)


def last_wildcard_slot(distribution: str, now: float) -> float:
    """Return the start of the quarter of an hour, at a distribution's own second, that `now` is in."""
    place = zlib.crc32(distribution.encode()) % SECONDS_BETWEEN_WILDCARDS
    return now - (now - place) % SECONDS_BETWEEN_WILDCARDS


def next_wildcard_slot(distribution: str, now: float) -> float:
    """Return the next of these starts that a job can still be held until."""
    return last_wildcard_slot(distribution, now + _SECONDS_BEFORE_A_SLOT) + SECONDS_BETWEEN_WILDCARDS
