"""What CloudFront says to a call, and what becomes of a job by it: accepted, deferred or rejected."""

from enum import Enum
from typing import NamedTuple, Protocol

from purgemap.errors import PurgemapError
from purgemap.jobs import Job
from purgemap.planning import is_wildcard
from purgemap.routemap import Distribution


class FailureKind(Enum):
    """Why CloudFront, or the way to it, did not take an invalidation."""

    QUOTA_EXCEEDED = "full"
    THROTTLED = "throttled"
    SERVER_ERROR = "failing"
    ACCESS_DENIED = "denied"
    GONE = "gone"
    INVALID = "invalid"


class InvalidationError(PurgemapError):
    """An invalidation was not taken; the message is AWS's code and words."""

    def __init__(self, refusal: FailureKind, message: str) -> None:
        super().__init__(message)
        self.refusal = refusal


class CloudFront(Protocol):
    """The one call that is made, whatever account or kind of distribution it concerns."""

    def create_invalidation(self, distribution: Distribution, items: tuple[str, ...], caller_reference: str) -> str:
        """Ask for an invalidation and return its id; raises RefusedError."""


class Accepted(NamedTuple):
    """CloudFront took these items of a job under this id; `stands_for` are refused ones in whose place they went."""

    job: Job
    items: tuple[str, ...]
    caller_reference: str
    id: str
    replaced_items: tuple[str, ...] = ()

    @property
    def wildcards(self) -> int:
        """How many of the items count against CloudFront's quota of wildcards."""
        return sum(map(is_wildcard, self.items))


class Deferred(NamedTuple):
    """The job has to go again, after a delay in seconds."""

    job: Job
    delay: int
    reason: str


class Rejected(NamedTuple):
    """No retry can help the job until somebody repairs what the reason names."""

    job: Job
    reason: str


Outcome = Accepted | Deferred | Rejected
