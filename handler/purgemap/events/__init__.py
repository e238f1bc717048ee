"""Lambda payload → object changes and queued jobs."""

from purgemap.events.object_change import CREATED, DELETED, EXPIRED, ObjectChange
from purgemap.events.object_versions import ObjectVersion
from purgemap.events.payload import Batch, MalformedRecord, QueuedJob, decode_body, parse_payload, parse_versions
from purgemap.events.s3_events import UNCHANGING_DETAIL_TYPES, UNCHANGING_EVENT_NAMES

__all__ = [
    "CREATED",
    "DELETED",
    "EXPIRED",
    "UNCHANGING_DETAIL_TYPES",
    "UNCHANGING_EVENT_NAMES",
    "Batch",
    "MalformedRecord",
    "ObjectChange",
    "ObjectVersion",
    "QueuedJob",
    "decode_body",
    "parse_payload",
    "parse_versions",
]
