"""The limits of a batch: an account's burst and rate of calls, and the seconds that the function has left."""

import math
import time
from collections.abc import Callable
from typing import NamedTuple

from purgemap.delivery.backoff import MAX_DELAY_SECONDS, next_slot

# CloudFront throttles an account after six to fifteen calls in a row, at about one call every two seconds:
# https://github.com/aws/aws-sdk-js/issues/3983
BURST_CALLS = 10
DEFAULT_CALLS_PER_SECOND = 0.5

# After recent calls the account's token bucket has hardly refilled, and a concurrent function may have used the rest.
MAX_BURST_WHEN_RECENTLY_USED = 2

# The default of the template's parameter Window.
BATCHING_WINDOW_SECONDS = 10

# A batch with more jobs than calls in this time defers the others before its first call. It ends when the next batch
# begins: a retry slot lies up to `SLOT_INTERVAL_SECONDS` ahead, and the batching window follows it.
TURN_SECONDS = 19

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

    def max_calls(self) -> int:
        """Return how many calls a batch makes in an account whose jobs were deferred before."""
        return MAX_BURST_WHEN_RECENTLY_USED + int(self.calls_per_second * TURN_SECONDS)

    def requeue_delay(self, position: int, slot_interval: int) -> int:
        """Return the delay in seconds of a job that is deferred without an error, by its position in the account.

        It returns at a multiple of `slot_interval` seconds on the clock, where the jobs of several batches and
        functions meet; with the next batch if that is 0.
        """
        seconds = max((position - MAX_JOBS_NEXT_BATCH) / self.calls_per_second, NEXT_BATCH_SECONDS)
        if slot_interval:
            now = self.now()
            seconds = next_slot(now + seconds, slot_interval) - now
        return int(min(math.ceil(seconds), MAX_DELAY_SECONDS))
