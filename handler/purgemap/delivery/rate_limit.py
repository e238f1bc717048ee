"""How many calls an account takes, and when: at once, at its rate, and in later batches."""

import math
import time
from collections.abc import Callable
from typing import NamedTuple

from purgemap.delivery.backoff import MAX_DELAY
from purgemap.delivery.call_settings import MIN_SECONDS_FOR_CALL

# CloudFront throttles an account after six to fifteen calls in a row, at about one call every two seconds:
# https://github.com/aws/aws-sdk-js/issues/3983. So the first calls of a batch go at once and the others at that rate.
BURST_CALLS = 10
DEFAULT_CALLS_PER_SECOND = 0.5

# Where others came shortly before, CloudFront has saved up what its rate gives while a batch is collected, but no more
# than this: the other function at work has some of it. A batch is collected for the default of the template's Window.
MAX_BURST_WHEN_RECENTLY_USED = 5
SECONDS_TO_COLLECT_A_BATCH = 10

# What no refusal has deferred comes back with the next batch, where it meets whatever else is deferred by then: what
# several batches want of one distribution goes as one call, and mostly one function makes the account's calls. Of more
# jobs than this the others come when their turn can have come: to send each of ten thousand again and again costs more.
SECONDS_UNTIL_THE_NEXT_BATCH = 1
MAX_JOBS_NEXT_BATCH = 1_000

# CloudFront publishes one wildcard and 150 paths a second, and no burst: further requests of a job keep to that.
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html
SECONDS_BETWEEN_REQUESTS_OF_A_JOB = 1


class RateLimit(NamedTuple):
    """What bounds a batch: the time of now, the seconds that are left, and the rate of calls that an account takes."""

    now: Callable[[], float]
    seconds_left: Callable[[], float]
    calls_per_second: float = DEFAULT_CALLS_PER_SECOND
    sleep: Callable[[float], None] = time.sleep

    def burst_size(self, *, recently_used: bool) -> int:
        """Return how many calls an account takes at once; others may have come shortly before."""
        if not recently_used:
            return BURST_CALLS
        return min(MAX_BURST_WHEN_RECENTLY_USED, int(self.calls_per_second * SECONDS_TO_COLLECT_A_BATCH))

    def requeue_delay(self, place: int) -> int:
        """Return the seconds after which a job may come back, as so many of its account were deferred before it."""
        seconds = (place - MAX_JOBS_NEXT_BATCH) / self.calls_per_second
        return int(min(max(seconds, SECONDS_UNTIL_THE_NEXT_BATCH), MAX_DELAY))


class CallScheduler:
    """When one account's calls go in a batch: so many at once, the others at its rate."""

    def __init__(self, rate_limit: RateLimit, burst_size: int) -> None:
        self._pace = rate_limit
        self._quick_calls = burst_size
        self._last_call = -math.inf

    def has_time(self, *, continues_job: bool) -> bool:
        """Whether enough of the function's time will be left at the next call's turn."""
        return self._pace.seconds_left() - self._seconds_to_next_call(continues_job) >= MIN_SECONDS_FOR_CALL

    def wait(self, *, continues_job: bool) -> None:
        """Wait for the next call's turn; one that continues a job is never a quick one."""
        self._pace.sleep(self._seconds_to_next_call(continues_job))
        self._quick_calls -= 1
        self._last_call = self._pace.now()

    def _seconds_to_next_call(self, continues_job: bool) -> float:  # noqa: FBT001  handed on
        seconds_apart = 0.0 if self._quick_calls > 0 else 1 / self._pace.calls_per_second
        if continues_job:
            seconds_apart = max(1 / self._pace.calls_per_second, SECONDS_BETWEEN_REQUESTS_OF_A_JOB)
        return max(0.0, self._last_call + seconds_apart - self._pace.now())
