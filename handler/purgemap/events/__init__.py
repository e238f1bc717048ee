"""Lambda payload → object changes and queued jobs."""

from purgemap.events.object_change import CREATED, DELETED, EXPIRED, ObjectChange
from purgemap.events.payload import Batch, MalformedRecord, QueuedJob, decode_body, iterate_events, parse_payload
from purgemap.events.s3_events import UNCHANGING_DETAIL_TYPES, UNCHANGING_EVENT_NAMES, parse_event

__all__ = [
    "CREATED",
    "DELETED",
    "EXPIRED",
    "UNCHANGING_DETAIL_TYPES",
    "UNCHANGING_EVENT_NAMES",
    "Batch",
    "MalformedRecord",
    "ObjectChange",
    "QueuedJob",
    "decode_body",
    "iterate_events",
    "parse_event",
    "parse_payload",
]
