"""One S3 event, EventBridge's or a classic record → the object change that it reports.

Ignored is only what is known to change nothing that is served, and what names another source. All else is malformed.
"""

import functools
import re
from typing import Any, NamedTuple
from urllib.parse import unquote_plus

from purgemap.errors import MalformedEventError
from purgemap.events.compact_events import match_compact_event
from purgemap.events.envelopes import FOREIGN, Ignored

CREATED, DELETED, EXPIRED = "created", "deleted", "expired"

# EventBridge's names. https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventBridge.html
_DETAIL_TYPES = {"Object Created": CREATED, "Object Deleted": DELETED}

# They leave an object's bytes as they were, or report what S3's own event reports, too. One that S3 adds may not: so it
# is malformed until it is listed.
# https://docs.aws.amazon.com/eventbridge/latest/ref/events-ref-s3.html
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
_HARMLESS_DETAIL_TYPES = frozenset(
    {
        "AWS API Call via CloudTrail",
        "AWS Insight via CloudTrail",
        "AWS Network Activity Event via CloudTrail",
        "AWS Service Event via CloudTrail",
        "Async Copy Completion",
        "Object ACL Updated",
        "Object Access Tier Changed",
        "Object Annotation Created",
        "Object Annotation Removed",
        "Object Restore Completed",
        "Object Restore Expired",
        "Object Restore Initiated",
        "Object Retention Updated",
        "Object Storage Class Changed",
        "Object Tags Added",
        "Object Tags Deleted",
    }
)

# Classic notifications' names, up to the colon.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html
_EVENT_NAMES = {"ObjectCreated": CREATED, "ObjectRemoved": DELETED, "LifecycleExpiration": EXPIRED}
_HARMLESS_EVENT_NAMES = frozenset(
    {
        "IntelligentTiering",
        "LifecycleTransition",
        "ObjectAcl",
        "ObjectAnnotation",
        "ObjectRestore",
        "ObjectRetention",
        "ObjectTagging",
        "ReducedRedundancyLostObject",
        "Replication",
    }
)

_NONCURRENT = Ignored("noncurrent version removed by a lifecycle rule")

# What form encoding writes: ASCII without spaces, and a % only in escapes.
_is_form_encoded = re.compile("(?:[!-$&-~]|%[0-9A-Fa-f]{2})*+").fullmatch

_JSON_NAMES = {
    str: "text",
    int: "a number",
    float: "a number",
    bool: "true or false",
    type(None): "null",
    list: "a list",
}
_SHOWN_MEMBERS = 5


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


def parse_compact_event(body: str, source: str) -> ObjectChange | Ignored | None:
    """Parse a message body in EventBridge's usual form; None for any other form."""
    event = match_compact_event(body)
    if event is None:
        return None
    detail_type, time, bucket, key, version_id, reason, deletion_type = event
    kind = _kind(detail_type, reason)
    if kind == EXPIRED and _is_noncurrent(version_id, deletion_type):
        return _NONCURRENT
    return _new_change((bucket, key, kind, source, time))


def parse_event(event: Any, source: str) -> ObjectChange | Ignored:
    """Parse a decoded event; raises MalformedEventError."""
    if not isinstance(event, dict):
        raise MalformedEventError(
            f"an event is a JSON object, not {_JSON_NAMES.get(type(event), type(event).__name__)}"
        )
    if "detail-type" in event:
        return _parse_eventbridge(event, source)
    if event.get("Event") == "s3:TestEvent":
        return Ignored("s3:TestEvent")
    return _parse_classic(event, source)


def _parse_eventbridge(event: dict[str, Any], source: str) -> ObjectChange | Ignored:
    origin, detail_type = event.get("source"), event["detail-type"]
    if _is_text(origin) and origin != "aws.s3":
        return Ignored(FOREIGN)
    if origin != "aws.s3" or not _is_text(detail_type):
        raise MalformedEventError("an EventBridge event needs a text as its source and its detail-type")
    if detail_type in _HARMLESS_DETAIL_TYPES:
        return Ignored(detail_type)
    if detail_type not in _DETAIL_TYPES:
        raise MalformedEventError(f"unknown detail-type {detail_type!r} of aws.s3")
    return _parse_detail(event, detail_type, source)


def _parse_detail(event: dict[str, Any], detail_type: str, source: str) -> ObjectChange | Ignored:
    try:
        detail = event["detail"]
        bucket, key = detail["bucket"]["name"], detail["object"]["key"]
    except (KeyError, TypeError):
        raise MalformedEventError(f"{detail_type} without detail.bucket.name and detail.object.key") from None
    _check_major("version", event.get("version", "0"), "0")
    _check_major("detail.version", detail.get("version", "0"), "0")
    _check_major("detail.event-version", detail.get("event-version", "1.0"), "1")
    kind = _kind(detail_type, detail.get("reason"))
    # The key is raw in EventBridge events: decoding it would turn "a+b" into "a b" and "100%25" into "100%".
    change = _change(bucket, key, kind, source or _eventbridge_id(event), event.get("time"))
    is_noncurrent = _is_noncurrent(detail["object"].get("version-id"), detail.get("deletion-type"))
    return _NONCURRENT if kind == EXPIRED and is_noncurrent else change


def _kind(detail_type: str, reason: Any) -> str:
    kind = _DETAIL_TYPES[detail_type]
    return EXPIRED if kind == DELETED and str(reason).startswith("Lifecycle") else kind


def _eventbridge_id(event: dict[str, Any]) -> str:
    detail = event["detail"]
    return str(event.get("id") or _request_part(detail.get("request-id"), detail["object"].get("sequencer")))


def _request_part(request_id: Any, sequencer: Any) -> str:
    return "" if request_id is None and sequencer is None else f"{request_id}:{sequencer}"


def _parse_classic(record: dict[str, Any], source: str) -> ObjectChange | Ignored:
    service, name = record.get("eventSource"), record.get("eventName")
    # CloudTrail's files name S3, too, and what they report may be a change.
    if isinstance(service, str) and service and not service.endswith((":s3", "s3.amazonaws.com")):
        return Ignored(FOREIGN)
    if not isinstance(name, str) or "s3" not in record:
        raise MalformedEventError(f"not an S3 event but a JSON object {_members(record)}")
    name = name.removeprefix("s3:")
    family, _, action = name.partition(":")
    if family in _HARMLESS_EVENT_NAMES:
        return Ignored(name)
    if family not in _EVENT_NAMES:
        raise MalformedEventError(f"unknown eventName {name!r} of S3")
    _check_major("eventVersion", record.get("eventVersion", "2.0"), "2")
    change = _classic_change(record, name, _EVENT_NAMES[family], source)
    deletion_type = "Permanently Deleted" if action == "Delete" else None
    is_noncurrent = _is_noncurrent(record["s3"]["object"].get("versionId"), deletion_type)
    return _NONCURRENT if change.event == EXPIRED and is_noncurrent else change


def _members(record: dict[str, Any]) -> str:
    names = ", ".join(map(repr, list(record)[:_SHOWN_MEMBERS]))
    return f"of {names}{', …' if len(record) > _SHOWN_MEMBERS else ''}" if record else "without members"


def _classic_change(record: dict[str, Any], name: str, kind: str, source: str) -> ObjectChange:
    try:
        bucket, key = record["s3"]["bucket"]["name"], _decode_key(record["s3"]["object"]["key"])
    except UnicodeDecodeError as error:
        raise MalformedEventError(f"the s3.object.key of {name} is not form-encoded UTF-8: {error}") from None
    except (KeyError, TypeError):
        raise MalformedEventError(f"{name} without s3.bucket.name and s3.object.key") from None
    return _change(bucket, key, kind, source or _classic_id(record), record.get("eventTime"))


def _decode_key(key: str) -> str:
    """Decode a classic notification's key, once, if its writer encoded it: a "+" would be a space.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
    """
    return unquote_plus(key, errors="strict") if _is_form_encoded(key) else key


def _classic_id(record: dict[str, Any]) -> str:
    response = record.get("responseElements")
    request_id = response.get("x-amz-request-id") if isinstance(response, dict) else None
    return _request_part(request_id, record["s3"]["object"].get("sequencer"))


def _check_major(name: str, version: Any, major: str) -> None:
    """Refuse another major version: it may spell a key in another way, and a wrong path leaves the old object cached.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html#ev-events-detail advises the comparison.
    """
    if str(version).partition(".")[0] != major:
        raise MalformedEventError(f"{name} is {version!r}, not {major}.x: deploy a newer purgemap, then redrive")


def _is_noncurrent(version_id: Any, deletion_type: Any) -> bool:
    """Return whether a lifecycle rule that removed this removed nothing that is served.

    In a versioned bucket a rule ends a current object with a delete marker. It removes noncurrent versions, and a
    delete marker that hides none. "null" may be the id of an object's only version.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-expire-general-considerations.html
    """
    return deletion_type == "Permanently Deleted" and _is_text(version_id) and version_id != "null"


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _change(bucket: Any, key: Any, event: str, source: str, time: Any) -> ObjectChange:
    if not (_is_text(bucket) and _is_text(key)):
        raise MalformedEventError(f"bucket and key must be text that isn't empty, not {bucket!r} and {key!r}")
    try:
        key.isascii() or key.encode()
        bucket.isascii() or bucket.encode()
    except UnicodeEncodeError:
        raise MalformedEventError(f"{bucket!r} or {key!r} is not Unicode text: S3 has no such object") from None
    return ObjectChange(bucket, key, event, source, time if isinstance(time, str) else "")
