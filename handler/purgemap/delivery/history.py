"""The invalidations of a distribution as CloudFront lists them, from all senders."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from purgemap.routemap import Distribution


class ListedInvalidation(NamedTuple):
    """An invalidation in a list; `created` is in seconds since the epoch."""

    id: str
    created: float


class InvalidationPage(NamedTuple):
    """A page of invalidations, newest first; `marker` leads to the next page, "" after the last."""

    invalidations: Sequence[ListedInvalidation]
    marker: str


class InvalidationHistory(Protocol):
    """The two reads of the invalidations of a distribution or tenant; both raise PurgemapError."""

    def list_page(self, distribution: Distribution, marker: str) -> InvalidationPage:
        """List the page at a marker, "" for the first page."""

    def read_items(self, distribution: Distribution, invalidation: str) -> tuple[str, ...]:
        """Read the items of an invalidation; each is billed as a path."""
