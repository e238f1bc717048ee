"""The daily budget of one distribution: its spending, read from CloudFront as rarely as a correct decision allows."""

from collections.abc import Callable

from purgemap.delivery.call_settings import MIN_SECONDS_FOR_CALL
from purgemap.delivery.rate_limit import BATCHING_WINDOW_SECONDS, RateLimit
from purgemap.delivery.spending import DAY_SECONDS, REMEMBER_ITEMS_SECONDS, InvalidationHistory, Spending
from purgemap.errors import PurgemapError
from purgemap.routemap import Distribution

MAX_AGE_SECONDS = 300

# AWS publishes no quota for reads, and each takes time. So few are made while the budget is far from being spent.
READS_PER_ROUND, MAX_READS = 10, 200
_MAX_READ_SECONDS = 10
_WARNING_INTERVAL_SECONDS = 3_600


class DistributionBudget:
    """The paths that one distribution has left today.

    Other functions, people and pipelines spend, too. A reading is valid until they may have spent the rest, at an
    estimated two full requests per batch of another function.
    """

    def __init__(self, history: InvalidationHistory, distribution: Distribution) -> None:
        self.spending = Spending()
        self._history = history
        self._distribution = distribution
        self._read_at = float("-inf")
        self._has_failed = False
        self._warned_at = float("-inf")

    def remaining(self, distribution: Distribution, rate_limit: RateLimit, warn: Callable[[str], None]) -> int:
        """Return the paths that are left, at least 0. Reads CloudFront's history if the last reading is outdated."""
        self._distribution = distribution
        self.spending.forget(rate_limit.now())
        if self._is_outdated(rate_limit.now()):
            self._read(rate_limit, warn)
        return max(0, self._unspent())

    def refresh(self, rate_limit: RateLimit, warn: Callable[[str], None]) -> None:
        """Read new invalidations, unless the last reading is under a second old, or failed shortly before."""
        if rate_limit.now() - self._read_at >= (MAX_AGE_SECONDS if self._has_failed else 1):
            self._read(rate_limit, warn)

    def _unspent(self) -> int:
        return self._distribution.max_paths_per_day - self.spending.paths()

    def _is_outdated(self, now: float) -> bool:
        age, unspent = now - self._read_at, self._unspent()
        if self._has_failed or age == float("inf"):
            return age >= MAX_AGE_SECONDS
        if self.spending.has_unread and self.spending.max_paths() > self._distribution.max_paths_per_day:
            return age >= 1
        if unspent <= 0:
            return False
        spent_by_others = 2 * self._distribution.max_paths * age / BATCHING_WINDOW_SECONDS
        return age >= MAX_AGE_SECONDS or spent_by_others > unspent

    def _read(self, rate_limit: RateLimit, warn: Callable[[str], None]) -> None:
        if rate_limit.seconds_left() < MIN_SECONDS_FOR_CALL:
            return  # No call to CloudFront follows, and a slow read would outlast the function.
        now = self._read_at = rate_limit.now()

        def has_time() -> bool:
            is_early = rate_limit.now() < now + _MAX_READ_SECONDS
            return is_early and rate_limit.seconds_left() >= MIN_SECONDS_FOR_CALL

        try:
            self._read_history(now, has_time)
            self._has_failed = False
        except PurgemapError as error:
            self._has_failed = True
            if now >= self._warned_at + _WARNING_INTERVAL_SECONDS:
                self._warned_at = now
                warn(f"{self._distribution.id}: max_paths_per_day counts only what this function has sent: {error}")

    def _read_history(self, now: float, has_time: Callable[[], bool]) -> None:
        history, distribution = self._history, self._distribution
        self.spending.list_new(lambda marker: history.list_page(distribution, marker), now - DAY_SECONDS, has_time)
        for _ in range(MAX_READS // READS_PER_ROUND):
            for invalidation in self.spending.unread_ids(now - REMEMBER_ITEMS_SECONDS, READS_PER_ROUND):
                if not has_time():
                    return
                self.spending.record_items(invalidation, history.read_items(distribution, invalidation))
            if self.spending.max_paths() < distribution.max_paths_per_day / 2:
                return
