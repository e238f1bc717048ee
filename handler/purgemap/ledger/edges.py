"""The edges of the ledger: its table and the heads of objects, as Protocols of the calls made.

A deadline is in seconds since the epoch, on the service's clock. No method raises for an AWS failure: each result says
what could not be read or written.
"""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, NamedTuple, Protocol

from purgemap.routemap import Distribution

ObjectId = tuple[str, str]
"""The bucket and the key of an object."""

TRACKING_ID: ObjectId = ("#tracking", "since")
"""The item that holds when tracking began. No bucket has this name."""


class Record(NamedTuple):
    """The table's record of an object; `fingerprint` is "" while the object is dirty.

    `sequencer` is in lower case. `seen` is when the fingerprint was written, in seconds since the epoch.
    """

    fingerprint: str
    etag: str
    sequencer: str
    seen: float


class ObjectHead(NamedTuple):
    """S3's answer to HeadObject; `etag` is without quotes, `version_id` is "" in a bucket without versions.

    `last_modified` is in seconds since the epoch. `fields` holds what the fingerprint reads, under HeadObject's names.
    """

    etag: str
    version_id: str
    last_modified: float
    fields: Mapping[str, Any]


class Mark(NamedTuple):
    """A request to mark an object as dirty; `sequencer` is in lower case, "" for events without an order.

    `token` identifies the invocation: only its own mark lets it record a fingerprint. `is_deleted` is whether the
    latest event is a deletion.
    """

    object_id: ObjectId
    sequencer: str
    token: str
    is_deleted: bool = False


class MarkResult(Enum):
    """The result of a mark; NEWER if the table has an equal or newer event of the object."""

    MARKED = "marked"
    NEWER = "newer"
    FAILED = "failed"


class NewRecord(NamedTuple):
    """The fingerprint of an object whose invalidation was accepted, to be written while the mark is `token`."""

    object_id: ObjectId
    fingerprint: str
    etag: str
    token: str


class Tracking(NamedTuple):
    """When the tracking of each route began, by the digest of the route; `version` is "" for a new table."""

    since: Mapping[str, float]
    version: str


class TrackingTable(Protocol):
    """The calls to the item of the table that holds when tracking began."""

    def read_tracking(self, deadline: float) -> Tracking | None:
        """Return when tracking began; None if it could not be read."""

    def write_tracking(self, since: Mapping[str, float], version: str, deadline: float) -> bool:
        """Replace the tracking whose version is `version`; returns whether it was replaced."""


class LedgerTable(TrackingTable, Protocol):
    """The calls to the table of the ledger."""

    def read(self, ids: Sequence[ObjectId], deadline: float) -> dict[ObjectId, Record]:
        """Return the records that could be read. An id is missing if it has none, or was not read in time."""

    def mark(self, marks: Sequence[Mark], deadline: float) -> list[MarkResult]:
        """Mark objects as dirty, each unless the table has an equal or newer event; one result per mark.

        Only sequencers of one length have an order: a mark of another length than the table's is always written.
        """

    def record(self, records: Sequence[NewRecord], deadline: float) -> int:
        """Write fingerprints, each if its token is still the mark; returns the number not written."""

    def list_keys(self, bucket: str, prefix: str, deadline: float, limit: int) -> list[str] | None:
        """Return the keys of a bucket below a prefix, without deleted ones.

        None if not all could be read in time, or if there are more than `limit`.
        """


class ObjectHeads(Protocol):
    """The calls to S3 that read the heads of objects."""

    def head(self, ids: Sequence[tuple[ObjectId, Distribution]], deadline: float) -> list[ObjectHead | None]:
        """Return the head of each object, read with the distribution's role; None if it could not be read."""
