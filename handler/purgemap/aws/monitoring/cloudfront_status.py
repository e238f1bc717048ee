"""A distribution → its invalidations in progress, over botocore."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from purgemap.aws.clients import Aws
from purgemap.aws.errors import describe_error, error_code, translate_errors
from purgemap.aws.invalidation_history import fetch_page
from purgemap.errors import PurgemapError
from purgemap.routemap import Distribution

# A page holds a hundred, the newest first, and each takes seconds: another is needed only if one ends in progress.
# https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_ListInvalidations.html
_PAGES = 3

# AWS publishes no rate for listing; creating is throttled at one call every two seconds, and must not suffer from this.
_PAUSE_SECONDS = 0.25
_WAITS_WHEN_THROTTLED = (2, 5, 10)
_THROTTLED = {"Throttling", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded"}


class PlannedInvalidation(NamedTuple):
    """An invalidation and when it was created, in seconds since the epoch."""

    id: str
    created: float


class InvalidationProgress(NamedTuple):
    """A distribution's invalidations in progress, and whether these are all."""

    invalidations: tuple[PlannedInvalidation, ...]
    is_all: bool


class _ThrottledError(PurgemapError):
    """CloudFront's rate of calls is used up for the moment."""


class AwsInvalidations:
    """`status.Invalidations` over real clients, one call after another."""

    def __init__(self, aws: Aws, sleep: Callable[[float], None] = time.sleep) -> None:
        self._aws = aws
        self._sleep = sleep

    def in_progress(self, distribution: Distribution) -> InvalidationProgress:
        """List what a distribution or tenant is still working at; raises PurgemapError."""
        found: list[PlannedInvalidation] = []
        marker = ""
        for _ in range(_PAGES):
            page = self._page(distribution, marker)
            items = page.get("Items", [])
            found += [_invalidation(item) for item in items if item["Status"] == "InProgress"]
            marker = page.get("NextMarker", "") if page.get("IsTruncated") else ""
            if not marker or items[-1]["Status"] != "InProgress":
                return InvalidationProgress(tuple(found), is_all=True)
        return InvalidationProgress(tuple(found), is_all=False)

    def _page(self, distribution: Distribution, marker: str) -> Any:
        for wait in _WAITS_WHEN_THROTTLED:
            try:
                return self._list(distribution, marker)
            except _ThrottledError:
                self._sleep(wait)
        return self._list(distribution, marker)

    def _list(self, distribution: Distribution, marker: str) -> Any:
        self._sleep(_PAUSE_SECONDS)
        with _told():
            return fetch_page(self._aws, distribution, marker)


@contextmanager
def _told() -> Iterator[None]:
    """Turn what botocore raises, for the call or for the role behind it, into a line."""
    with translate_errors():
        try:
            yield
        except ClientError as error:
            if error_code(error) in _THROTTLED:
                raise _ThrottledError(describe_error(error)) from error
            raise


def _invalidation(item: dict[str, Any]) -> PlannedInvalidation:
    return PlannedInvalidation(str(item["Id"]), item["CreateTime"].timestamp())
