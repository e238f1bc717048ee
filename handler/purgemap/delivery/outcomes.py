"""The failures of a call to CloudFront, and the outcomes of a job: accepted, deferred or rejected."""

from enum import Enum
from typing import NamedTuple, Protocol

from purgemap.errors import PurgemapError
from purgemap.jobs import Job
from purgemap.routemap import Distribution


class FailureKind(Enum):
    """The reasons why CloudFront, or the way to it, did not accept an invalidation."""

    QUOTA_EXCEEDED = "full"
    THROTTLED = "throttled"
    SERVER_ERROR = "failing"
    ACCESS_DENIED = "denied"
    NOT_FOUND = "gone"
    INVALID_ARGUMENT = "invalid"


class InvalidationError(PurgemapError):
    """An invalidation that CloudFront did not accept; the message is AWS's code and text."""

    def __init__(self, kind: FailureKind, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class CloudFront(Protocol):
    """The one call that is made, for distributions and tenants of any account."""

    def create_invalidation(self, distribution: Distribution, items: tuple[str, ...], caller_reference: str) -> str:
        """Create an invalidation and return its id; raises InvalidationError."""


class Accepted(NamedTuple):
    """Items of a job that CloudFront accepted. `replaced_items` are invalid items that a wildcard replaced.

    `wildcards` is the number of items that count against CloudFront's quota of wildcards.
    """

    job: Job
    items: tuple[str, ...]
    caller_reference: str
    id: str
    replaced_items: tuple[str, ...] = ()
    wildcards: int = 0


class Deferred(NamedTuple):
    """A job that must be retried after a delay in seconds."""

    job: Job
    delay: int
    reason: str


class Rejected(NamedTuple):
    """A job that no retry can help until somebody fixes the reason."""

    job: Job
    reason: str


Outcome = Accepted | Deferred | Rejected
