"""Read JSON in a command's input: events of S3, each of which is named, known to change no bytes, or an error."""

import json
from collections import Counter
from collections.abc import Sequence

from purgemap.errors import PurgemapError
from purgemap.events import MalformedRecord, ObjectChange, parse_payload

# Events that leave an object's bytes as they were: EventBridge's detail-types, and classic names up to the colon.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventBridge.html
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html
_UNCHANGING = {
    *("Object Restore Initiated", "Object Restore Completed", "Object Restore Expired"),
    *("Object Storage Class Changed", "Object Access Tier Changed", "Object ACL Updated", "Object Retention Updated"),
    *("Object Tags Added", "Object Tags Deleted", "Object Annotation Created", "Object Annotation Removed"),
    *("ObjectRestore", "ObjectTagging", "ObjectAcl", "LifecycleTransition", "IntelligentTiering", "Replication"),
    *("ObjectAnnotation", "s3"),  # s3:TestEvent
}
_CLOSING = {"{": "}", "[": "]"}


def is_json(text: str) -> bool:
    """Return whether a text is a JSON document."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def is_event(text: str, bucket: str | None) -> bool:
    """Return whether a text is an event, or a list; keys of a bucket may begin with brackets, too."""
    if text.startswith(('{"', '[{"')) or "\n" in text:
        return True
    if not text.startswith(("{", "[")):
        return False
    return (bucket is None and text.startswith("{")) or ((bucket is None or '"' in text) and is_json(text))


def end_of_json(lines: Sequence[str], start: int, bucket: str | None) -> int:
    """Return where the JSON that begins with a line of one bracket ends; the next line, where none begins.

    A bracket may be a key of the bucket: then it begins only what begins like an event and can be read.
    """
    closing = _CLOSING.get(lines[start].strip())
    if not closing or (bucket is not None and not _begins_event(lines[start : start + 3])):
        return start + 1
    ends = (end + 1 for end in range(start + 1, len(lines)) if lines[end].rstrip() == closing)
    end = next(ends, start + 1)
    return end if bucket is None or is_json("\n".join(lines[start:end])) else start + 1


def _begins_event(lines: Sequence[str]) -> bool:
    """Return whether lines begin like events laid out.

    A list of keys that are brackets would otherwise be read to its end for each of them.
    """
    return "".join(line.strip() for line in lines).startswith(('{"', '[{"'))


def read_events(text: str, number: int) -> tuple[list[ObjectChange], int]:
    """Return the changes in JSON, and how many of its events are known to change nothing. Raises PurgemapError."""
    begins = "begins like a JSON event, but"
    try:
        batch = parse_payload(json.loads(text))
    except json.JSONDecodeError as error:
        raise PurgemapError(f"{begins} line {number + error.lineno - 1}, column {error.colno}: {error.msg}") from None
    except (ValueError, RecursionError) as error:
        raise PurgemapError(f"{begins} {error}") from None
    for record in batch.malformed:
        raise PurgemapError(_reason(record))
    if batch.jobs:
        raise PurgemapError("a deferred job, not an event: `purgemap redrive` sends it")
    _check_ignored(batch.ignored)
    return batch.changes, sum(batch.ignored.values())


def _reason(record: MalformedRecord) -> str:
    return f"{record.source}: {record.reason}" if record.source else record.reason


def _check_ignored(ignored: Counter[str]) -> None:
    for kind in ignored:
        if kind == "foreign":
            raise PurgemapError("JSON, but not an event of S3; pass whole events, or objects as s3://BUCKET/KEY")
        if kind.partition(":")[0] not in _UNCHANGING:
            raise PurgemapError(f"an event {kind!r}, which may have changed objects; name them as s3://BUCKET/KEY")
