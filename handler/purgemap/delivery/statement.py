"""One distribution's history → its spending, read from CloudFront as seldom as the decisions on it allow."""

from collections.abc import Callable

from purgemap.delivery.call_settings import MIN_SECONDS_FOR_CALL
from purgemap.delivery.history import InvalidationHistory
from purgemap.delivery.rate_limit import SECONDS_TO_COLLECT_A_BATCH, RateLimit
from purgemap.delivery.spending import SECONDS_OF_A_DAY, SECONDS_TO_REMEMBER_ITEMS, Spending
from purgemap.errors import PurgemapError
from purgemap.routemap import Distribution

SECONDS_BETWEEN_READINGS = 300

# AWS publishes no rate for reading, and each read takes time: the fewer, the further the budget is from being spent.
READS_AT_A_TIME, MAX_READS = 10, 200
_SECONDS_FOR_A_READING = 10
_SECONDS_BETWEEN_WARNINGS = 3_600


class Statement:
    """What one distribution has left of its daily budget.

    Other functions, people and pipelines spend, too. How long a reading counts depends on what these can have spent
    since; the guess is a full request in each batch of another function, doubled.
    """

    def __init__(self, history: InvalidationHistory, distribution: Distribution) -> None:
        self.spending = Spending()
        self._history = history
        self._distribution = distribution
        self._read_at = float("-inf")
        self._has_failed = False
        self._warned_at = float("-inf")

    def remaining(self, distribution: Distribution, rate_limit: RateLimit, warn: Callable[[str], None]) -> int:
        """Return the paths that are left, 0 at least, after another reading if this one is too old."""
        self._distribution = distribution
        self.spending.forget(rate_limit.now())
        if self._is_too_old(rate_limit.now()):
            self._read(rate_limit, warn)
        return max(0, self._left())

    def refresh(self, rate_limit: RateLimit, warn: Callable[[str], None]) -> None:
        """Read what is new, unless it was read just now or can't be read at the moment."""
        age = rate_limit.now() - self._read_at
        if age >= (SECONDS_BETWEEN_READINGS if self._has_failed else 1):
            self._read(rate_limit, warn)

    def _left(self) -> int:
        return self._distribution.max_paths_per_day - self.spending.paths()

    def _is_too_old(self, now: float) -> bool:
        age, left = now - self._read_at, self._left()
        if self._has_failed or age == float("inf"):
            return age >= SECONDS_BETWEEN_READINGS
        if self.spending.has_unread and self.spending.most_paths() > self._distribution.max_paths_per_day:
            return age >= 1
        if left <= 0:
            return False
        others = 2 * self._distribution.max_paths * age / SECONDS_TO_COLLECT_A_BATCH
        return age >= SECONDS_BETWEEN_READINGS or others > left

    def _read(self, rate_limit: RateLimit, warn: Callable[[str], None]) -> None:
        if rate_limit.seconds_left() < MIN_SECONDS_FOR_CALL:
            return  # no call to CloudFront follows, and a slow read would outlast the function
        now = self._read_at = rate_limit.now()

        def has_time() -> bool:
            return rate_limit.seconds_left() >= MIN_SECONDS_FOR_CALL and rate_limit.now() < now + _SECONDS_FOR_A_READING

        try:
            self._read_history(now, has_time)
            self._has_failed = False
        except PurgemapError as error:
            self._has_failed = True
            if now >= self._warned_at + _SECONDS_BETWEEN_WARNINGS:
                self._warned_at = now
                warn(f"{self._distribution.id}: max_paths_per_day counts only what this function has sent: {error}")

    def _read_history(self, now: float, has_time: Callable[[], bool]) -> None:
        history, distribution = self._history, self._distribution
        self.spending.list_new(lambda marker: history.list_page(distribution, marker), now - SECONDS_OF_A_DAY, has_time)
        for _ in range(MAX_READS // READS_AT_A_TIME):
            for invalidation in self.spending.unread_ids(now - SECONDS_TO_REMEMBER_ITEMS, READS_AT_A_TIME):
                if not has_time():
                    return
                self.spending.record_items(invalidation, history.read_items(distribution, invalidation))
            if self.spending.most_paths() < distribution.max_paths_per_day / 2:
                return
