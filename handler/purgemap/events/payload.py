"""Any payload that Lambda may hand over → the object changes in it, what was ignored and what can't be read.

Takes one EventBridge event, a list of them, SQS records (holding EventBridge events, SNS-wrapped or plain classic
notifications, or jobs that were deferred), SNS records and classic S3 notifications. Nothing raises: a record that
can't be read is returned as `Malformed`, so that it never sinks its batch.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

from purgemap.errors import MalformedEventError, PurgemapError
from purgemap.events.envelopes import FOREIGN, Ignored, queue_records, unwrap, unwrap_body
from purgemap.events.s3_events import CREATED, DELETED, EXPIRED, ObjectChange, parse_compact_event, parse_event
from purgemap.jobs import Job, is_job, parse_job

__all__ = [
    "CREATED",
    "DELETED",
    "EXPIRED",
    "FOREIGN",
    "Batch",
    "MalformedRecord",
    "ObjectChange",
    "QueuedJob",
    "parse_payload",
]


class MalformedRecord(NamedTuple):
    """A record that can't be read: its SQS message id ("" if it came another way) and why."""

    source: str
    reason: str


class QueuedJob(NamedTuple):
    """A job that comes back from the queue, and the id of the message that brought it."""

    source: str
    job: Job


class Batch(NamedTuple):
    """What a payload holds; `from_queue` says whether a queue waits for an answer.

    `ignored` counts by reason: FOREIGN for another source, else a kind of S3 event that changes nothing that is served.
    """

    changes: list[ObjectChange]
    jobs: list[QueuedJob]
    ignored: Counter[str]
    malformed: list[MalformedRecord]
    from_queue: bool


def parse_payload(payload: Any) -> Batch:
    """Read every object change of a Lambda payload, whatever its shape."""
    records = queue_records(payload)
    batch = Batch([], [], Counter(), [], from_queue=records is not None)
    if records is None:
        for event in unwrap(payload):
            _append_event(event, "", batch)
    else:
        _append_records(records, batch)
    return batch


def _append_records(records: Iterable[dict[str, Any]], batch: Batch) -> None:
    for record in records:
        source, body = record["messageId"], record.get("body")
        found = parse_compact_event(body, source) if type(body) is str else None
        if type(found) is ObjectChange:
            batch.changes.append(found)
        elif found:
            _add(found, batch)
        else:
            for event in unwrap_body(body):
                _append_event(event, source, batch)


def _append_event(event: Any, source: str, batch: Batch) -> None:
    try:
        _add(_parse(event, source), batch)
    except PurgemapError as error:
        batch.malformed.append(MalformedRecord(source, str(error)))


def _parse(event: Any, source: str) -> ObjectChange | QueuedJob | Ignored:
    if isinstance(event, MalformedEventError):
        raise event
    if isinstance(event, Ignored):
        return event
    return QueuedJob(source, parse_job(event)) if is_job(event) else parse_event(event, source)


def _add(found: ObjectChange | QueuedJob | Ignored, batch: Batch) -> None:
    if isinstance(found, ObjectChange):
        batch.changes.append(found)
    elif isinstance(found, Ignored):
        batch.ignored[found.reason] += 1
    else:
        batch.jobs.append(found)
