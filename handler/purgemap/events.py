"""Any payload that Lambda may hand over → the object changes in it, what was ignored and what can't be read.

Takes one EventBridge event, a list of them, SQS records (holding EventBridge events, SNS-wrapped or plain classic
notifications, or jobs that were deferred), SNS records and classic S3 notifications. Nothing raises: a record that
can't be read is returned as `Malformed`, so that it never sinks its batch.
"""

import functools
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import unquote_plus

from purgemap.errors import MalformedEventError, PurgemapError
from purgemap.jobs import Job, is_job, parse_job
from purgemap.plain_events import read_plain_event

CREATED, DELETED, EXPIRED = "created", "deleted", "expired"

# EventBridge's names; every other detail-type of S3 leaves the object's bytes as they were.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventBridge.html
_DETAIL_TYPES = {"Object Created": CREATED, "Object Deleted": DELETED}

# Classic notifications' names, up to the colon.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html
_EVENT_NAMES = {"ObjectCreated": CREATED, "ObjectRemoved": DELETED, "LifecycleExpiration": EXPIRED}


_JSON_NAMES = {
    str: "text",
    int: "a number",
    float: "a number",
    bool: "true or false",
    type(None): "null",
    list: "a list",
}

# Control characters may stand in texts as they are: keys may hold them, and a change that can be read is not refused
# for what its writer should have escaped. Events that aren't decoded are read alike.
_decode = json.JSONDecoder(strict=False).decode


class ObjectChange(NamedTuple):
    """One object of one bucket that was created, deleted or expired.

    `key` is the object's key itself, never encoded. `source` identifies the delivery: the SQS message id, else the
    event's id, else request id and sequencer, "" if it has none of these. `time` is the event's ISO 8601 time ("" where
    it has none).
    """

    bucket: str
    key: str
    event: str
    source: str
    time: str


# What ObjectChange(…) does, in half the time: it is called for every record.
_new_change = functools.partial(tuple.__new__, ObjectChange)


class Malformed(NamedTuple):
    """A record that can't be read: its SQS message id ("" if it came another way) and why."""

    source: str
    reason: str


class ReturnedJob(NamedTuple):
    """A job that comes back from the queue, and the id of the message that brought it."""

    source: str
    job: Job


class Batch(NamedTuple):
    """What a payload holds; `ignored` counts by reason, `from_queue` says whether SQS waits for an answer."""

    changes: list[ObjectChange]
    jobs: list[ReturnedJob]
    ignored: Counter[str]
    malformed: list[Malformed]
    from_queue: bool


class _Ignored(NamedTuple):
    reason: str


def parse_payload(payload: Any) -> Batch:
    """Read every object change of a Lambda payload, whatever its shape."""
    batch = Batch([], [], Counter(), [], from_queue=_is_from_queue(payload))
    if batch.from_queue:
        payload = {"Records": [record for record in payload["Records"] if not _take_plain(record, batch.changes)]}
    for source, event in _events(payload, ""):
        try:
            found = ReturnedJob(source, parse_job(event)) if is_job(event) else _parse_event(event, source)
        except PurgemapError as error:
            batch.malformed.append(Malformed(source, str(error)))
            continue
        if isinstance(found, _Ignored):
            batch.ignored[found.reason] += 1
        elif isinstance(found, ReturnedJob):
            batch.jobs.append(found)
        else:
            batch.changes.append(found)
    return batch


def _is_from_queue(payload: Any) -> bool:
    records = payload.get("Records") if isinstance(payload, dict) else None
    return isinstance(records, list) and any(isinstance(r, dict) and r.get("eventSource") == "aws:sqs" for r in records)


def _take_plain(record: Any, changes: list[ObjectChange]) -> bool:
    """Add the change of a queue's record in the usual form; returns whether it has this form."""
    try:
        body, source = record["body"], record["messageId"]
        if record["eventSource"] != "aws:sqs" or not source or type(source) is not str or type(body) is not str:
            return False
    except (TypeError, KeyError):
        return False
    found = read_plain_event(body)
    if found is None:
        return False
    detail_type, time, bucket, key, reason = found
    changes.append(_new_change((bucket, key, _kind(detail_type, reason), source, time)))
    return True


def _kind(detail_type: str, reason: Any) -> str:
    kind = _DETAIL_TYPES[detail_type]
    return EXPIRED if kind == DELETED and str(reason).startswith("Lifecycle") else kind


def _events(payload: Any, source: str) -> Iterator[tuple[str, Any]]:
    """Unwrap queues, topics and lists; yields (SQS message id or "", event)."""
    if isinstance(payload, list):
        for event in payload:
            yield from _events(event, source)
    elif isinstance(payload, dict) and isinstance(payload.get("Records"), list):
        for record in payload["Records"]:
            yield from _record_events(record, source)
    elif isinstance(payload, dict) and payload.get("Type") == "Notification" and "Message" in payload:
        yield from _events(_decoded(payload["Message"]), source)
    else:
        yield source, payload


def _record_events(record: Any, source: str) -> Iterator[tuple[str, Any]]:
    if not isinstance(record, dict):
        yield source, record
    elif record.get("eventSource") == "aws:sqs":
        yield from _events(_decoded(record.get("body")), str(record.get("messageId", "")))
    elif record.get("EventSource") == "aws:sns" and isinstance(record.get("Sns"), dict):
        yield from _events(_decoded(record["Sns"].get("Message")), source)
    else:
        yield source, record


def _decoded(text: Any) -> Any:
    """Decode a body; what is no JSON becomes a MalformedEventError *value*, so that its neighbours still count."""
    try:
        return _decode(text)
    except (TypeError, ValueError, RecursionError) as error:
        return MalformedEventError(f"the body is not JSON: {error}")


def _parse_event(event: Any, source: str) -> ObjectChange | _Ignored:
    if isinstance(event, MalformedEventError):
        raise event
    if not isinstance(event, dict):
        raise MalformedEventError(
            f"an event is a JSON object, not {_JSON_NAMES.get(type(event), type(event).__name__)}"
        )
    if "detail-type" in event:
        return _parse_eventbridge(event, source)
    if isinstance(event.get("eventName"), str) and "s3" in event:
        return _parse_classic(event, source)
    if event.get("Event") == "s3:TestEvent":
        return _Ignored("s3:TestEvent")
    return _Ignored("foreign")


def _parse_eventbridge(event: dict[str, Any], source: str) -> ObjectChange | _Ignored:
    if event.get("source") != "aws.s3":
        return _Ignored("foreign")
    detail_type = event["detail-type"]
    if not isinstance(detail_type, str) or detail_type not in _DETAIL_TYPES:
        return _Ignored(str(detail_type))
    try:
        detail = event["detail"]
        bucket, key = detail["bucket"]["name"], detail["object"]["key"]
    except (KeyError, TypeError):
        raise MalformedEventError(f"{detail_type} without detail.bucket.name and detail.object.key") from None
    # The key is raw in EventBridge events: decoding it would turn "a+b" into "a b" and "100%25" into "100%".
    kind = _kind(detail_type, detail.get("reason"))
    return _change(bucket, key, kind, source or _eventbridge_id(event), event.get("time"))


def _eventbridge_id(event: dict[str, Any]) -> str:
    detail = event["detail"]
    return str(event.get("id") or _request_part(detail.get("request-id"), detail["object"].get("sequencer")))


def _request_part(request_id: Any, sequencer: Any) -> str:
    return "" if request_id is None and sequencer is None else f"{request_id}:{sequencer}"


def _parse_classic(record: dict[str, Any], source: str) -> ObjectChange | _Ignored:
    name = record["eventName"].removeprefix("s3:")
    kind = _EVENT_NAMES.get(name.partition(":")[0])
    if kind is None:
        return _Ignored(name)
    try:
        bucket, quoted = record["s3"]["bucket"]["name"], record["s3"]["object"]["key"]
        # Classic notifications form-encode the key, once.
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
        key = unquote_plus(quoted, errors="strict")
    except UnicodeDecodeError as error:
        raise MalformedEventError(f"{name} whose s3.object.key is no form-encoded UTF-8: {error}") from None
    except (KeyError, TypeError, AttributeError):
        raise MalformedEventError(f"{name} without s3.bucket.name and s3.object.key") from None
    return _change(bucket, key, kind, source or _classic_id(record), record.get("eventTime"))


def _classic_id(record: dict[str, Any]) -> str:
    response = record.get("responseElements")
    request_id = response.get("x-amz-request-id") if isinstance(response, dict) else None
    return _request_part(request_id, record["s3"]["object"].get("sequencer"))


def _change(bucket: Any, key: Any, event: str, source: str, time: Any) -> ObjectChange:
    if not (isinstance(bucket, str) and isinstance(key, str) and bucket and key):
        raise MalformedEventError(f"bucket and key must be text that isn't empty, not {bucket!r} and {key!r}")
    try:
        key.isascii() or key.encode()
        bucket.isascii() or bucket.encode()
    except UnicodeEncodeError:
        raise MalformedEventError(f"{bucket!r} or {key!r} is not Unicode text: S3 has no such object") from None
    return ObjectChange(bucket, key, event, source, time if isinstance(time, str) else "")
