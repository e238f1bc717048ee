"""Parse one decoded S3 event, EventBridge's or a classic notification's record, into its object change.

Events that leave every object as it was are ignored, and so are those of other sources. Any unlisted event raises.
"""

import re
from typing import Any
from urllib.parse import unquote_plus

from purgemap.errors import PurgemapError
from purgemap.events.object_change import (
    CREATED,
    DELETED,
    EXPIRED,
    FOREIGN,
    NONCURRENT,
    Ignored,
    ObjectChange,
    deletion_kind,
    expires_noncurrent,
)

# Events that leave an object's bytes as they were. EventBridge's names:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventBridge.html
UNCHANGING_DETAIL_TYPES = frozenset(
    {
        *("Object Restore Initiated", "Object Restore Completed", "Object Restore Expired"),
        *("Object Storage Class Changed", "Object Access Tier Changed", "Object ACL Updated"),
        *("Object Retention Updated", "Object Tags Added", "Object Tags Deleted"),
        *("Object Annotation Created", "Object Annotation Removed"),
    }
)
# Classic notifications' names, the part before the colon.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html
UNCHANGING_EVENT_NAMES = frozenset(
    {
        *("ObjectRestore", "ObjectTagging", "ObjectAcl", "ObjectAnnotation"),
        *("LifecycleTransition", "IntelligentTiering", "Replication"),
    }
)

# Further events that change no object, or repeat S3's own event. A type that S3 adds later may change bytes, so it is
# malformed until it is listed here.
# https://docs.aws.amazon.com/eventbridge/latest/ref/events-ref-s3.html
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
_HARMLESS_DETAIL_TYPES = UNCHANGING_DETAIL_TYPES | {
    *("AWS API Call via CloudTrail", "AWS Insight via CloudTrail", "AWS Network Activity Event via CloudTrail"),
    *("AWS Service Event via CloudTrail", "Async Copy Completion"),
}
_HARMLESS_EVENT_NAMES = UNCHANGING_EVENT_NAMES | {"ObjectRetention", "ReducedRedundancyLostObject"}
_EVENT_NAMES = {"ObjectCreated": CREATED, "ObjectRemoved": DELETED, "LifecycleExpiration": EXPIRED}

# Form encoding writes ASCII without spaces, and a % only in escapes.
_is_form_encoded = re.compile("(?:[!-$&-~]|%[0-9A-Fa-f]{2})*+").fullmatch

_JSON_NAMES = {
    str: "text",
    int: "a number",
    float: "a number",
    bool: "true or false",
    type(None): "null",
    list: "a list",
}
_MAX_MEMBERS_SHOWN = 5


def parse_event(event: Any, source: str) -> ObjectChange | Ignored:
    """Parse a decoded event; raises PurgemapError."""
    if not isinstance(event, dict):
        raise PurgemapError(f"an event is a JSON object, not {_JSON_NAMES.get(type(event), type(event).__name__)}")
    if "detail-type" in event:
        return _parse_eventbridge(event, source)
    if event.get("Event") == "s3:TestEvent":
        return Ignored("s3:TestEvent")
    return _parse_classic(event, source)


def _parse_eventbridge(event: dict[str, Any], source: str) -> ObjectChange | Ignored:
    event_source, detail_type = event.get("source"), event["detail-type"]
    if _is_text(event_source) and event_source != "aws.s3":
        return Ignored(FOREIGN)
    if event_source != "aws.s3" or not _is_text(detail_type):
        raise PurgemapError("an EventBridge event needs a text as its source and its detail-type")
    if detail_type in _HARMLESS_DETAIL_TYPES:
        return Ignored(detail_type)
    if detail_type not in {"Object Created", "Object Deleted"}:
        raise PurgemapError(f"unknown detail-type {detail_type!r} of aws.s3")
    return _parse_detail(event, detail_type, source)


def _parse_detail(event: dict[str, Any], detail_type: str, source: str) -> ObjectChange | Ignored:
    try:
        detail = event["detail"]
        bucket, key = detail["bucket"]["name"], detail["object"]["key"]
    except (KeyError, TypeError):
        raise PurgemapError(f"{detail_type} without detail.bucket.name and detail.object.key") from None
    _check_major("version", event.get("version", "0"), "0")
    _check_major("detail.version", detail.get("version", "0"), "0")
    _check_major("detail.event-version", detail.get("event-version", "1.0"), "1")
    kind = CREATED if detail_type == "Object Created" else deletion_kind(detail.get("reason"))
    # EventBridge does not encode the key: decoding it would turn "a+b" into "a b" and "100%25" into "100%".
    change = _build_change(bucket, key, kind, source or _eventbridge_id(event), event.get("time"))
    is_noncurrent = expires_noncurrent(kind, detail["object"].get("version-id"), detail.get("deletion-type"))
    return NONCURRENT if is_noncurrent else change


def _eventbridge_id(event: dict[str, Any]) -> str:
    detail = event["detail"]
    return str(event.get("id") or _join_ids(detail.get("request-id"), detail["object"].get("sequencer")))


def _join_ids(request_id: Any, sequencer: Any) -> str:
    return "" if request_id is None and sequencer is None else f"{request_id}:{sequencer}"


def _parse_classic(record: dict[str, Any], source: str) -> ObjectChange | Ignored:
    service, name = record.get("eventSource"), record.get("eventName")
    # A record of CloudTrail's files is of s3.amazonaws.com, and may report a change: it is not foreign.
    if isinstance(service, str) and service and not service.endswith((":s3", "s3.amazonaws.com")):
        return Ignored(FOREIGN)
    if not isinstance(name, str) or "s3" not in record:
        raise PurgemapError(f"not an S3 event but a JSON object {_describe_members(record)}")
    name = name.removeprefix("s3:")
    family, _, action = name.partition(":")
    if family in _HARMLESS_EVENT_NAMES:
        return Ignored(name)
    if family not in _EVENT_NAMES:
        raise PurgemapError(f"unknown eventName {name!r} of S3")
    _check_major("eventVersion", record.get("eventVersion", "2.0"), "2")
    change = _parse_classic_change(record, name, _EVENT_NAMES[family], source)
    # Classic records have no deletion type: LifecycleExpiration:Delete and :DeleteMarkerCreated differ.
    deletion_type = "Permanently Deleted" if action == "Delete" else None
    is_noncurrent = expires_noncurrent(change.event, record["s3"]["object"].get("versionId"), deletion_type)
    return NONCURRENT if is_noncurrent else change


def _describe_members(record: dict[str, Any]) -> str:
    names = ", ".join(map(repr, list(record)[:_MAX_MEMBERS_SHOWN]))
    return f"of {names}{', …' if len(record) > _MAX_MEMBERS_SHOWN else ''}" if record else "without members"


def _parse_classic_change(record: dict[str, Any], name: str, kind: str, source: str) -> ObjectChange:
    try:
        bucket, key = record["s3"]["bucket"]["name"], _decode_key(record["s3"]["object"]["key"])
    except UnicodeDecodeError as error:
        raise PurgemapError(f"the s3.object.key of {name} is not form-encoded UTF-8: {error}") from None
    except (KeyError, TypeError):
        raise PurgemapError(f"{name} without s3.bucket.name and s3.object.key") from None
    return _build_change(bucket, key, kind, source or _classic_id(record), record.get("eventTime"))


def _decode_key(key: str) -> str:
    # Some other writers of classic notifications do not encode keys: then a "+" is a plus.
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
    return unquote_plus(key, errors="strict") if _is_form_encoded(key) else key


def _classic_id(record: dict[str, Any]) -> str:
    response = record.get("responseElements")
    request_id = response.get("x-amz-request-id") if isinstance(response, dict) else None
    return _join_ids(request_id, record["s3"]["object"].get("sequencer"))


def _check_major(name: str, version: Any, major: str) -> None:
    # Another major version may encode a key in another way, and a wrong path leaves the old object cached.
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html#ev-events-detail advises the comparison.
    if str(version).partition(".")[0] != major:
        raise PurgemapError(f"{name} is {version!r}, not {major}.x: deploy a newer purgemap, then redrive")


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _build_change(bucket: Any, key: Any, event: str, source: str, time: Any) -> ObjectChange:
    if not (_is_text(bucket) and _is_text(key)):
        raise PurgemapError(f"bucket and key must be non-empty text, not {bucket!r} and {key!r}")
    try:
        key.isascii() or key.encode()
        bucket.isascii() or bucket.encode()
    except UnicodeEncodeError:
        raise PurgemapError(f"{bucket!r} or {key!r} is not Unicode text: S3 has no such object") from None
    return ObjectChange(bucket, key, event, source, time if isinstance(time, str) else "")
