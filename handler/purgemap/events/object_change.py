"""The change of an S3 object, and the rules that classify deletions."""

from typing import Any, NamedTuple

CREATED, DELETED, EXPIRED = "created", "deleted", "expired"

FOREIGN = "foreign"
"""The reason of an ignored event from another source than S3."""


class ObjectChange(NamedTuple):
    """One object of one bucket that was created, deleted or expired.

    `key` is the object's key itself, never encoded. `source` identifies the delivery: the SQS message id, else the
    event's id, else request id and sequencer, "" without any of these. `time` is the event's ISO 8601 time, "" without
    one.
    """

    bucket: str
    key: str
    event: str
    source: str
    time: str


class Ignored(NamedTuple):
    """An event that changes no object that viewers can get, and the reason under which it is counted."""

    reason: str


NONCURRENT = Ignored("noncurrent version removed by a lifecycle rule")


def deletion_kind(reason: Any) -> str:
    """Return EXPIRED for a deletion by a lifecycle rule, DELETED for any other."""
    # S3 writes "Lifecycle Expiration"; a prefix also matches kinds of rules that it may add.
    return EXPIRED if str(reason).startswith("Lifecycle") else DELETED


def expires_noncurrent(kind: str, version_id: Any, deletion_type: Any) -> bool:
    """Return whether a lifecycle rule removed a version that viewers could not get any more."""
    # In a versioned bucket a rule ends a current object with a delete marker. It permanently deletes noncurrent
    # versions, and delete markers that hide none. "null" may be the id of an object's only version.
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-expire-general-considerations.html
    is_version = isinstance(version_id, str) and version_id not in {"", "null"}
    return kind == EXPIRED and deletion_type == "Permanently Deleted" and is_version
