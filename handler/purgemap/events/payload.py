"""Parse a Lambda payload into object changes, queued jobs, ignored events and malformed records.

A payload is one EventBridge event, a list of them, SQS records, SNS records, or a classic S3 notification. SQS records
hold EventBridge events, classic notifications (plain or wrapped by SNS) or deferred jobs. Nothing raises: a record that
cannot be parsed becomes a MalformedRecord, and its batch keeps all other records.
"""

import json
from collections import Counter
from collections.abc import Container, Iterable, Iterator
from itertools import chain
from typing import Any, NamedTuple

from purgemap.errors import PurgemapError
from purgemap.events.compact_events import parse_compact_event
from purgemap.events.object_change import FOREIGN, Ignored, ObjectChange
from purgemap.events.s3_events import parse_event
from purgemap.jobs import Job, is_job, parse_job

# AWS wraps an event at most four times: in a message, a topic's notification, `Records` and a list.
_MAX_ENVELOPES = 8
# CloudTrail's events, the deepest that AWS sends, have about ten levels. Python's recursion limit differs by version.
_MAX_NESTING = 64
_TOO_DEEP = f"nested in more than {_MAX_NESTING} lists and objects"

# Not strict: a key may hold a control character that its writer did not escape. The compact path accepts it, too.
_decode = json.JSONDecoder(strict=False).decode


class MalformedRecord(NamedTuple):
    """A record that cannot be parsed: its SQS message id, "" without a queue, and the reason."""

    source: str
    reason: str


class QueuedJob(NamedTuple):
    """A deferred job and the id of the message that returned it."""

    source: str
    job: Job


class Batch(NamedTuple):
    """The contents of a payload; `from_queue` is whether SQS waits for the ids of failed messages.

    `ignored` counts by reason: FOREIGN for another source, else the kind of S3 event.
    """

    changes: list[ObjectChange]
    jobs: list[QueuedJob]
    ignored: Counter[str]
    malformed: list[MalformedRecord]
    from_queue: bool


def parse_payload(payload: Any) -> Batch:
    """Parse every record of a Lambda payload, in any of its shapes."""
    records = _queue_records(payload)
    batch = Batch([], [], Counter(), [], from_queue=records is not None)
    if records is None:
        for event in _unwrap(payload, 0, is_queued=False):
            # A queue's bodies are checked as they are decoded; Lambda has decoded this one.
            _append(PurgemapError(_TOO_DEEP) if _is_nested_deeper(event, _MAX_NESTING) else event, "", batch)
        return batch
    for record in records:
        source, body = record["messageId"], record.get("body")
        change = parse_compact_event(body, source) if type(body) is str else None
        if type(change) is ObjectChange:
            batch.changes.append(change)
        else:
            for event in (change,) if change else _unwrap(decode_body(body), 1, is_queued=True):
                _append(event, source, batch)
    return batch


def iterate_events(payload: Any, sources: Container[str]) -> Iterator[tuple[Any, str]]:
    """Yield each decoded event of a payload with its source: of a queue's payload, only of the messages in `sources`.

    Messages are decoded again: a field that only few maps need must not slow down the parsing of every record.
    """
    records = _queue_records(payload)
    if records is None:
        yield from ((event, "") for event in _unwrap(payload, 0, is_queued=False))
        return
    for record in records:
        if record["messageId"] in sources:
            for event in _unwrap(decode_body(record.get("body")), 1, is_queued=True):
                yield event, record["messageId"]


def decode_body(text: Any) -> Any:
    """Decode a message body; for one that is not JSON or nested too deep, return a PurgemapError."""
    try:
        value = _decode(text)
    except RecursionError:
        return PurgemapError(_TOO_DEEP)
    except (TypeError, ValueError) as error:
        return PurgemapError(f"the body is not JSON: {error}")
    # Counting brackets is cheap, and nearly every body has fewer than the limit.
    is_shallow = text.count("[") + text.count("{") <= _MAX_NESTING
    return value if is_shallow or not _is_nested_deeper(value, _MAX_NESTING) else PurgemapError(_TOO_DEEP)


def _queue_records(payload: Any) -> list[dict[str, Any]] | None:
    # An event source mapping sends {"Records": […]}, EventBridge Pipes the list alone; both take batchItemFailures:
    # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-batching-concurrency.html#pipes-partial-batch-failure
    records = payload.get("Records") if isinstance(payload, dict) else payload
    if not isinstance(records, list) or not records:
        return None
    try:
        for record in records:
            id_ = record["messageId"]
            if record["eventSource"] != "aws:sqs" or type(id_) is not str or not id_:
                return None
    except (TypeError, KeyError):
        return None
    return records


def _append(event: Any, source: str, batch: Batch) -> None:
    """Append a decoded event, or the error in its place, to the batch's list for its type."""
    try:
        parsed = _parse(event, source)
    except PurgemapError as error:
        batch.malformed.append(MalformedRecord(source, str(error)))
        return
    if isinstance(parsed, ObjectChange):
        batch.changes.append(parsed)
    elif isinstance(parsed, Ignored):
        batch.ignored[parsed.reason] += 1
    else:
        batch.jobs.append(parsed)


def _parse(event: Any, source: str) -> ObjectChange | QueuedJob | Ignored:
    if isinstance(event, PurgemapError):
        raise event
    if isinstance(event, Ignored):
        return event
    return QueuedJob(source, parse_job(event)) if is_job(event) else parse_event(event, source)


def _unwrap(value: Any, depth: int, *, is_queued: bool) -> Iterator[Any]:
    """Yield the events in a value, taken out of its lists, messages and notifications, and errors in their place."""
    contents = _contents(value, is_queued=is_queued)
    if contents is None:
        yield value
    elif depth == _MAX_ENVELOPES:
        yield PurgemapError(f"wrapped more than {_MAX_ENVELOPES} times in lists and messages")
    elif depth and not contents:
        yield PurgemapError("an empty list in place of events")
    else:
        for content in contents:
            yield from _unwrap(content, depth + 1, is_queued=is_queued)


def _contents(value: Any, *, is_queued: bool) -> list[Any] | None:
    """Return the contents of a list or an envelope; None for any other value."""
    if isinstance(value, list):
        return value
    if not isinstance(value, dict):
        return None
    records = value.get("Records")
    return records if isinstance(records, list) else _message(value, is_queued=is_queued)


def _message(record: dict[str, Any], *, is_queued: bool) -> list[Any] | None:
    """Decode the message of a queue's record or a topic's notification; None for any other object."""
    if record.get("eventSource") == "aws:sqs":
        return [decode_body(record.get("body"))]
    notification = record.get("Sns") if record.get("EventSource") == "aws:sns" else record
    if not isinstance(notification, dict) or notification.get("Type") != "Notification":
        return None
    text = notification.get("Message")
    # A person's words, published to try the topic, must not fail the invocation: Lambda would retry it.
    if not is_queued and isinstance(text, str) and not text.lstrip().startswith(("{", "[")):
        return [Ignored(FOREIGN)]
    return [decode_body(text)]


def _is_nested_deeper(value: Any, levels: int) -> bool:
    layer = [value]
    while layer and levels:
        layer = list(chain.from_iterable(map(_members, layer)))
        levels -= 1
    return any(isinstance(member, (dict, list)) for member in layer)


def _members(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
