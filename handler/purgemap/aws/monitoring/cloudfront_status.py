"""List a distribution's invalidations in progress over botocore."""

import time
from collections.abc import Callable
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from purgemap.aws.clients import Aws
from purgemap.aws.cloudfront import list_invalidations, parse_listed
from purgemap.aws.errors import THROTTLING_CODES, error_code, translate_errors
from purgemap.delivery import ListedInvalidation
from purgemap.routemap import Distribution

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


class AwsInvalidations:
    """The lists of invalidations in progress over botocore, read one call after another."""

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

    def _list_page(self, distribution: Distribution, marker: str) -> tuple[list[dict[str, Any]], str]:
        with translate_errors():
            for wait in _WAITS_WHEN_THROTTLED:
                try:
                    self._sleep(_PAUSE_SECONDS)
                    return list_invalidations(self._aws, distribution, marker)
                except ClientError as error:
                    if error_code(error) not in THROTTLING_CODES:
                        raise
                self._sleep(wait)
            self._sleep(_PAUSE_SECONDS)
            return list_invalidations(self._aws, distribution, marker)
