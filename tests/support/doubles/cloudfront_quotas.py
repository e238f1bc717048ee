"""Quotas: token buckets, and the items that one distribution has in progress."""

from collections.abc import Sequence
from heapq import heappop, heappush

from support.doubles.cloudfront_errors import ServiceError
from support.doubles.cloudfront_rules import is_wildcard
from support.doubles.cloudfront_settings import Rate, Settings

# Floating point may lose this part of a token in a long refill; without it a call after a full wait could be refused.
_ROUNDING = 1e-6


class TokenBucket:
    """A bucket that is full at first. Each call has the rate, so that a test may change it."""

    __slots__ = ("_at", "_spent")

    def __init__(self) -> None:
        self._spent = 0.0
        self._at = 0.0

    def has(self, tokens: float, rate: Rate | None, now: float) -> bool:
        """Return whether `tokens` could be taken now."""
        elapsed, self._at = now - self._at, now
        if rate is None:
            self._spent = 0.0
            return True
        self._spent = max(0.0, self._spent - elapsed * rate.per_second)
        return self._spent + tokens <= rate.burst + _ROUNDING

    def take(self, tokens: float) -> None:
        """Take tokens after `has` returned True."""
        self._spent += tokens


class ItemRates:
    """The rates of items and wildcards of one distribution or account."""

    __slots__ = ("_item_bucket", "_wildcard_bucket")

    def __init__(self) -> None:
        self._item_bucket = TokenBucket()
        self._wildcard_bucket = TokenBucket()

    def take(self, items: int, wildcards: int, settings: Settings, now: float) -> None:
        """Take the items from both rates; raises ServiceError and takes none if one is exceeded.

        A wildcard counts against both: the strict reading of two lines in one table.
        https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html
        """
        if not self._item_bucket.has(items, settings.path_rate, now):
            raise ServiceError(settings.rate_code)
        if wildcards and not self._wildcard_bucket.has(wildcards, settings.wildcard_rate, now):
            raise ServiceError(settings.rate_code)
        self._item_bucket.take(items)
        self._wildcard_bucket.take(wildcards)


class DistributionQuotas:
    """One distribution's outstanding items; a request over any quota takes nothing."""

    __slots__ = ("_outstanding", "paths", "wildcards")

    def __init__(self) -> None:
        self.paths = 0
        self.wildcards = 0
        self._outstanding: list[tuple[float, int, int]] = []

    def take(self, items: Sequence[str], rates: ItemRates, settings: Settings, now: float) -> None:
        """Hold the items until they complete; raises ServiceError."""
        wildcards = sum(map(is_wildcard, items))
        self._expire(now)
        self._check_in_progress(len(items) - wildcards, wildcards, settings)
        rates.take(len(items), wildcards, settings, now)
        self._hold(len(items) - wildcards, wildcards, now + settings.seconds_to_complete)

    def _expire(self, now: float) -> None:
        while self._outstanding and self._outstanding[0][0] <= now:
            _, paths, wildcards = heappop(self._outstanding)
            self.paths -= paths
            self.wildcards -= wildcards

    def _check_in_progress(self, paths: int, wildcards: int, settings: Settings) -> None:
        """Files and wildcards are counted apart, tags as files.

        https://docs.aws.amazon.com/general/latest/gr/cf_region.html
        https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/invalidation-specifying-tags.html
        """
        if _is_over(self.wildcards, wildcards, settings.wildcards_in_progress):
            raise _too_many("wildcard ")
        if _is_over(self.paths, paths, settings.paths_in_progress):
            raise _too_many()

    def _hold(self, paths: int, wildcards: int, until: float) -> None:
        self.paths += paths
        self.wildcards += wildcards
        heappush(self._outstanding, (until, paths, wildcards))


def _is_over(held: int, added: int, limit: int | None) -> bool:
    return limit is not None and added > 0 and held + added > limit


def _too_many(kind: str = "") -> ServiceError:
    return ServiceError(
        "TooManyInvalidationsInProgress",
        f"Processing your request will cause you to exceed the maximum number of in-progress {kind}invalidations.",
    )
