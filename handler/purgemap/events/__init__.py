"""Lambda payload → object changes and queued jobs."""

from purgemap.events.object_change import CREATED, DELETED, EXPIRED, ObjectChange
from purgemap.events.payload import Batch, MalformedRecord, QueuedJob, decode_body, parse_payload

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
