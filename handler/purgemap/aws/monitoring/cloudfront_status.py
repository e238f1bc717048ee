"""Read a distribution's invalidations and their progress over botocore."""

import time
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from botocore.exceptions import ClientError

from purgemap.aws.clients import Aws
from purgemap.aws.cloudfront import list_invalidations, parse_listed, read_items
from purgemap.aws.errors import THROTTLING_CODES, error_code, is_credentials_error, translate_errors
from purgemap.delivery import ListedInvalidation
from purgemap.errors import PurgemapError
from purgemap.routemap import Distribution

_Value = TypeVar("_Value")

# A page lists 100 invalidations, newest first, and each takes seconds. So a further page is needed only if the oldest
# one of a page is in progress.
_MAX_PAGES = 3

# AWS publishes no rate for listing. CloudFront throttles creations at one call in two seconds; listing must not use
# up the function's calls.
_PAUSE_SECONDS = 0.25
_WAITS_WHEN_THROTTLED = (2, 5, 10)


class InvalidationProgress(NamedTuple):
    """A distribution's invalidations in progress, and whether these are all."""

    invalidations: tuple[ListedInvalidation, ...]
    is_all: bool


class InvalidationState(NamedTuple):
    """A listed invalidation; `created` is in seconds since the epoch, by CloudFront's clock."""

    id: str
    created: float
    is_completed: bool


class AwsInvalidations:
    """The invalidations of distributions over botocore; each thread pauses before each call."""

    def __init__(self, aws: Aws, sleep: Callable[[float], None] = time.sleep) -> None:
        self._aws = aws
        self._sleep = sleep

    def in_progress(self, distribution: Distribution) -> InvalidationProgress:
        """List the invalidations in progress of a distribution or tenant; raises PurgemapError."""
        invalidations: list[ListedInvalidation] = []
        marker = ""
        for _ in range(_MAX_PAGES):
            items, marker = self._list_page(distribution, marker)
            invalidations += [parse_listed(item) for item in items if item["Status"] == "InProgress"]
            if not marker or items[-1]["Status"] != "InProgress":
                return InvalidationProgress(tuple(invalidations), is_all=True)
        return InvalidationProgress(tuple(invalidations), is_all=False)

    def list_page(self, distribution: Distribution, marker: str) -> tuple[list[InvalidationState], str]:
        """List a page, newest first, and the next page's marker, "" after the last; raises PurgemapError."""
        items, next_marker = self._list_page(distribution, marker)
        return [InvalidationState(*parse_listed(item), item["Status"] == "Completed") for item in items], next_marker

    def read_items(self, distribution: Distribution, invalidation: str) -> tuple[str, ...]:
        """Read the items of an invalidation; raises PurgemapError."""
        return self._read(lambda: read_items(self._aws, distribution, invalidation))

    @staticmethod
    def is_refusal(error: PurgemapError) -> bool:
        """Return whether no later read can succeed, because a permission or the distribution is missing."""
        return is_credentials_error(error.__cause__)

    def _list_page(self, distribution: Distribution, marker: str) -> tuple[list[dict[str, Any]], str]:
        return self._read(lambda: list_invalidations(self._aws, distribution, marker))

    def _read(self, read: Callable[[], _Value]) -> _Value:
        with translate_errors():
            for wait in _WAITS_WHEN_THROTTLED:
                try:
                    self._sleep(_PAUSE_SECONDS)
                    return read()
                except ClientError as error:
                    if error_code(error) not in THROTTLING_CODES:
                        raise
                self._sleep(wait)
            self._sleep(_PAUSE_SECONDS)
            return read()
