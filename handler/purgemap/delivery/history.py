"""What CloudFront records of a distribution's invalidations: the truth that all functions and people share."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from purgemap.routemap import Distribution


class ListedInvalidation(NamedTuple):
    """An invalidation as a list shows it: its id, and when it was created, in seconds since the epoch."""

    id: str
    created: float


class InvalidationPage(NamedTuple):
    """Some of a distribution's invalidations, the newest first; `marker` finds the next page, "" after the last."""

    invalidations: Sequence[ListedInvalidation]
    marker: str


class InvalidationHistory(Protocol):
    """The two reads of a distribution's or tenant's invalidations; both raise PurgemapError."""

    def list_page(self, distribution: Distribution, marker: str) -> InvalidationPage:
        """List a page of invalidations, the newest first; the first page for ""."""

    def read_items(self, distribution: Distribution, invalidation: str) -> tuple[str, ...]:
        """Read the items of an invalidation: each is a path on the bill."""
