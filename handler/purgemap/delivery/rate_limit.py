"""When calls of an account may start: a burst at once, further calls at its rate, the rest in later batches."""

import math
import time
from collections.abc import Callable
from typing import NamedTuple

from purgemap.delivery.backoff import MAX_DELAY_SECONDS
from purgemap.delivery.call_settings import MIN_SECONDS_FOR_CALL

# CloudFront throttles an account after six to fifteen calls in a row, at about one call every two seconds:
# https://github.com/aws/aws-sdk-js/issues/3983
BURST_CALLS = 10
DEFAULT_CALLS_PER_SECOND = 0.5

# After recent calls the account's token bucket has refilled only during the batching window. Assume at most this many
# tokens: a concurrent function may have used the rest. The window is the default of the template's parameter Window.
MAX_BURST_WHEN_RECENTLY_USED = 5
BATCHING_WINDOW_SECONDS = 10

# Jobs deferred without an error return with the next batch, so that jobs for one distribution can be merged. Beyond
# this number they are delayed further, since receiving each of ten thousand repeatedly costs more.
NEXT_BATCH_SECONDS = 1
MAX_JOBS_NEXT_BATCH = 1_000

# CloudFront publishes a quota of one wildcard and 150 paths a second, and no burst. Further requests of a job keep it.
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html
MIN_SECONDS_BETWEEN_REQUESTS_OF_JOB = 1


class RateLimit(NamedTuple):
    """The limits of a batch: the clock, the seconds that the function has left, and an account's calls per second."""

    now: Callable[[], float]
    seconds_left: Callable[[], float]
    calls_per_second: float = DEFAULT_CALLS_PER_SECOND
    sleep: Callable[[float], None] = time.sleep

    def burst_size(self, *, recently_used: bool) -> int:
        """Return how many calls an account accepts at once."""
        if not recently_used:
            return BURST_CALLS
        return min(MAX_BURST_WHEN_RECENTLY_USED, int(self.calls_per_second * BATCHING_WINDOW_SECONDS))

    def requeue_delay(self, position: int) -> int:
        """Return the delay in seconds of a job that is deferred without an error, by its position in the account."""
        seconds = (position - MAX_JOBS_NEXT_BATCH) / self.calls_per_second
        return int(min(max(seconds, NEXT_BATCH_SECONDS), MAX_DELAY_SECONDS))


class CallScheduler:
    """The times of one account's calls in a batch."""

    def __init__(self, rate_limit: RateLimit, burst_size: int) -> None:
        self._rate_limit = rate_limit
        self._burst_left = burst_size
        self._last_call = -math.inf

    def has_time(self, *, continues_job: bool) -> bool:
        """Whether the function will have enough time for the next call when it may start."""
        seconds_left = self._rate_limit.seconds_left() - self._seconds_to_next_call(continues_job)
        return seconds_left >= MIN_SECONDS_FOR_CALL

    def wait(self, *, continues_job: bool) -> None:
        """Sleep until the next call may start. A call that continues a job is never part of the burst."""
        self._rate_limit.sleep(self._seconds_to_next_call(continues_job))
        self._burst_left -= 1
        self._last_call = self._rate_limit.now()

    def _seconds_to_next_call(self, continues_job: bool) -> float:  # noqa: FBT001  passed on
        interval = 0.0 if self._burst_left > 0 else 1 / self._rate_limit.calls_per_second
        if continues_job:
            interval = max(1 / self._rate_limit.calls_per_second, MIN_SECONDS_BETWEEN_REQUESTS_OF_JOB)
        return max(0.0, self._last_call + interval - self._rate_limit.now())
