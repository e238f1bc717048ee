"""Make moto's S3 send the EventBridge events that AWS documents.

Every shape here is from https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html.
"""

import itertools
import re
import secrets
import time
import uuid
from collections.abc import Callable
from typing import Any

from flask import g, has_request_context, request
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.events.models import events_backends
from moto.iam.models import get_account_id_from
from moto.s3 import notifications
from moto.s3.models import FakeBucket, FakeDeleteMarker, FakeKey, S3Backend
from moto.s3.notifications import S3NotificationEvent
from moto.s3.responses import S3Response

from purgemap.demo.moto_patches.registry import replaces

_REASONS = {
    S3NotificationEvent.OBJECT_CREATED_PUT_EVENT: "PutObject",
    S3NotificationEvent.OBJECT_CREATED_POST_EVENT: "POST Object",
    S3NotificationEvent.OBJECT_CREATED_COPY_EVENT: "CopyObject",
    S3NotificationEvent.OBJECT_CREATED_COMPLETE_MULTIPART_UPLOAD_EVENT: "CompleteMultipartUpload",
    S3NotificationEvent.OBJECT_REMOVED_DELETE_EVENT: "DeleteObject",
    S3NotificationEvent.OBJECT_REMOVED_DELETE_MARKER_CREATED_EVENT: "DeleteObject",
}
_DELETION_TYPES = {
    S3NotificationEvent.OBJECT_REMOVED_DELETE_EVENT: "Permanently Deleted",
    S3NotificationEvent.OBJECT_REMOVED_DELETE_MARKER_CREATED_EVENT: "Delete Marker Created",
}
# AWS: the later of two events of one key has the larger sequencer. A counter from the clock's nanoseconds is unique.
_sequence = itertools.count(time.time_ns())
_EMPTY_ETAG = "d41d8cd98f00b204e9800998ecf8427e"  # from AWS's example of a delete marker
_CREDENTIAL = re.compile(r"Credential=([^/]+)/")


@replaces(notifications, "_send_event_bridge_message")
def _send_to_default_bus(
    _original: Callable[..., None],
    account_id: str,
    bucket: FakeBucket,
    event_name: S3NotificationEvent,
    key: FakeKey | FakeDeleteMarker,
) -> None:
    """Send events with the documented fields, to the default bus only.

    moto: constant id, sequencer, request id and requester; no `event-version` and `deletion-type`; `eTag`; `version-id`
    "null"; `reason` ObjectCreated; size and etag of deleted objects; every bus of the region.
    """
    bus = events_backends[account_id][bucket.region_name].event_buses["default"]
    event = _event(account_id, bucket, event_name, key)
    for rule in list(bus.rules.values()):
        rule.send_to_targets(event, transform_input=False)  # type: ignore[arg-type]


def _event(
    account_id: str, bucket: FakeBucket, name: S3NotificationEvent, key: FakeKey | FakeDeleteMarker
) -> dict[str, Any]:
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": notifications._detail_type(name),
        "source": "aws.s3",
        "account": account_id,
        "time": time.time(),  # moto formats it on delivery
        "region": bucket.region_name,
        "resources": [bucket.arn],
        "detail": {
            "version": "0",
            "event-version": "1.2",
            "bucket": {"name": bucket.name},
            "object": _object_fields(bucket, name, key),
            **_request_fields(account_id),
            **({"reason": _REASONS[name]} if name in _REASONS else {}),
            **({"deletion-type": _DELETION_TYPES[name]} if name in _DELETION_TYPES else {}),
        },
    }


def _object_fields(bucket: FakeBucket, name: S3NotificationEvent, key: FakeKey | FakeDeleteMarker) -> dict[str, Any]:
    fields: dict[str, Any] = {"key": key.name}
    if isinstance(key, FakeKey) and name not in _DELETION_TYPES:
        fields |= {"size": key.size, "etag": key.etag.strip('"')}
    if name is S3NotificationEvent.OBJECT_REMOVED_DELETE_MARKER_CREATED_EVENT:
        fields["etag"] = _EMPTY_ETAG
    if bucket.is_versioned:
        fields["version-id"] = str(key.version_id)
    if name is S3NotificationEvent.OBJECT_CREATED_COPY_EVENT:
        fields["has-object-annotation"] = False  # moto has no annotations
    if name in _REASONS:
        fields["sequencer"] = f"{next(_sequence):016x}"
    return fields


def _request_fields(account_id: str) -> dict[str, str]:
    if not has_request_context():
        return {"request-id": _request_id(), "requester": account_id, "source-ip-address": "127.0.0.1"}
    # The events of one DeleteObjects share a request id.
    if "request_id" not in g:
        g.request_id = _request_id()
    signed = _CREDENTIAL.search(request.headers.get("Authorization", ""))
    return {
        "request-id": g.request_id,
        "requester": get_account_id_from(signed[1]) if signed else DEFAULT_ACCOUNT_ID,
        "source-ip-address": request.remote_addr or "127.0.0.1",
    }


def _request_id() -> str:
    return secrets.token_hex(8).upper()


@replaces(notifications, "send_event")
def _send_unless_spurious(
    original: Callable[..., None], account_id: str, event_name: S3NotificationEvent, bucket: FakeBucket, key: FakeKey
) -> None:
    """Send one event for a PutObject, a copy and a CompleteMultipartUpload.

    moto: adds "Object Tags Added" to each of them, and a PutObject to a CompleteMultipartUpload.
    """
    query = request.args if has_request_context() else {}
    spurious = {
        S3NotificationEvent.OBJECT_TAGGING_PUT_EVENT: "tagging" not in query,
        S3NotificationEvent.OBJECT_CREATED_PUT_EVENT: "uploadId" in query,
        S3NotificationEvent.OBJECT_REMOVED_DELETE_EVENT: bucket.is_versioned,  # sent by _delete_object
    }
    if not spurious.get(event_name, False):
        original(account_id, event_name, bucket, key)


@replaces(S3Backend, "delete_object")
def _delete_object(  # noqa: PLR0913, PLR0917  the signature is moto's
    original: Callable[..., tuple[bool, dict[str, Any]]],
    backend: S3Backend,
    bucket_name: str,
    key_name: str,
    version_id: str | None = None,
    bypass: bool = False,  # noqa: FBT001, FBT002  the signature is moto's
) -> tuple[bool, dict[str, Any]]:
    """Send "Object Deleted" for each new delete marker, and for each removed version or marker.

    moto: only for an object's last version.
    """
    bucket = backend.get_bucket(bucket_name)
    removed = [key for key in bucket.keys.getlist(key_name, []) if str(key.version_id) == version_id]
    answer = original(backend, bucket_name, key_name, version_id=version_id, bypass=bypass)
    if bucket.is_versioned and answer[0]:
        changed = removed if version_id else [bucket.keys[key_name]]
        _send_version_event(backend.account_id, bucket, changed, version_id)
    return answer


def _send_version_event(
    account_id: str, bucket: FakeBucket, changed: list[FakeKey | FakeDeleteMarker], version_id: str | None
) -> None:
    configuration = bucket.notification_configuration
    if configuration is None or configuration.event_bridge is None:
        return
    name = (
        S3NotificationEvent.OBJECT_REMOVED_DELETE_EVENT
        if version_id
        else S3NotificationEvent.OBJECT_REMOVED_DELETE_MARKER_CREATED_EVENT
    )
    for key in changed:
        notifications._send_event_bridge_message(account_id, bucket, name, key)


@replaces(S3Response, "get_bucket_notification")
def _get_bucket_notification(
    original: Callable[..., tuple[int, dict[str, str], str]], response: S3Response
) -> tuple[int, dict[str, str], str]:
    """Return EventBridgeConfiguration from GetBucketNotificationConfiguration; moto: omits it."""
    serialized = response.serialized

    def serialize_all(answer: Any) -> Any:
        if not isinstance(answer.result, dict):  # an error, such as NoSuchBucket
            return serialized(answer)
        configuration = response.backend.get_bucket_notification_configuration(response.bucket_name)
        if configuration is not None and configuration.event_bridge is not None:
            answer.result["EventBridgeConfiguration"] = {}
        return serialized(answer)

    response.serialized = serialize_all  # type: ignore[method-assign, assignment]
    return original(response)
