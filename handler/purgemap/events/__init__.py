"""Lambda payload → object changes and queued jobs."""

from purgemap.events.envelopes import decode_body
from purgemap.events.payload import (
    CREATED,
    DELETED,
    EXPIRED,
    Batch,
    MalformedRecord,
    ObjectChange,
    QueuedJob,
    parse_payload,
)

__all__ = [
    "CREATED",
    "DELETED",
    "EXPIRED",
    "Batch",
    "MalformedRecord",
    "ObjectChange",
    "QueuedJob",
    "decode_body",
    "parse_payload",
]
