"""The items of the ledger's table: keys, updates with their conditions, records, and the tracking of routes."""

import json
from collections.abc import Mapping
from typing import Any

from purgemap.ledger import TRACKING_ID, Mark, NewRecord, ObjectId, Record, Tracking

# A record expires this long after the last change of its object; then the next upload is invalidated.
_MAX_AGE_SECONDS = 400 * 86_400


def format_key(id_: ObjectId) -> dict[str, Any]:
    """Format the key of an object's item."""
    bucket, key = id_
    return {"bucket": {"S": bucket}, "key": {"S": key}}


TRACKING_KEY = format_key(TRACKING_ID)


def format_query(bucket: str, prefix: str) -> dict[str, Any]:
    """Format the query for the keys of a bucket's items below a prefix."""
    condition, values = "#bucket = :bucket", {":bucket": {"S": bucket}}
    # DynamoDB refuses an empty text as the start of a key.
    if prefix:
        condition, values[":prefix"] = f"{condition} AND begins_with(#key, :prefix)", {"S": prefix}
    return {
        "KeyConditionExpression": condition,
        "ProjectionExpression": "#key",
        "ExpressionAttributeNames": {"#bucket": "bucket", "#key": "key"},
        "ExpressionAttributeValues": values,
    }


def parse_record(item: Mapping[str, Any]) -> tuple[ObjectId, Record]:
    """Parse an object's item."""
    fingerprint, etag, sequencer = (item.get(name, {}).get("S", "") for name in ("fingerprint", "etag", "sequencer"))
    seen = float(item.get("seen", {}).get("N", 0))
    return (item["bucket"]["S"], item["key"]["S"]), Record(fingerprint, etag, sequencer, seen)


def mark_update(mark: Mark, now: float) -> dict[str, Any]:
    """Format the update that removes a fingerprint, unless the table has an equal or newer event."""
    values: dict[str, Any] = {":mark": {"S": mark.token}, ":expires": _expiry(now)}
    assignments, removals = ["#mark = :mark", "#expires = :expires"], ["#fingerprint"]
    if mark.is_deleted:
        values[":deleted"] = {"BOOL": True}
        assignments.append("#deleted = :deleted")
    else:
        removals.append("#deleted")
    condition = {}
    if mark.sequencer:
        values |= {":sequencer": {"S": mark.sequencer}, ":length": {"N": str(len(mark.sequencer))}}
        assignments.append("#sequencer = :sequencer")
        is_older = "size(#sequencer) <> :length OR #sequencer < :sequencer"
        condition["ConditionExpression"] = f"attribute_not_exists(#sequencer) OR {is_older}"
    expression = f"SET {', '.join(assignments)} REMOVE {', '.join(removals)}"
    return _with_names({"Key": format_key(mark.object_id), "UpdateExpression": expression, **condition}, values)


def record_update(record: NewRecord, now: float) -> dict[str, Any]:
    """Format the update that writes a fingerprint, if the object's mark is still the invocation's."""
    values = {
        ":fingerprint": {"S": record.fingerprint},
        ":etag": {"S": record.etag},
        ":seen": {"N": str(now)},
        ":expires": _expiry(now),
        ":mark": {"S": record.token},
    }
    update = {
        "Key": format_key(record.object_id),
        "UpdateExpression": "SET #fingerprint = :fingerprint, #etag = :etag, #seen = :seen, #expires = :expires",
        "ConditionExpression": "#mark = :mark",
    }
    return _with_names(update, values)


def _expiry(now: float) -> dict[str, str]:
    return {"N": str(int(now) + _MAX_AGE_SECONDS)}


# Every name is written as a placeholder, since DynamoDB reserves more than 500 words.
_NAMES = ("fingerprint", "etag", "sequencer", "mark", "seen", "expires", "deleted")


def _with_names(update: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    """Add the names and values of an update's placeholders."""
    text = f"{update['UpdateExpression']} {update.get('ConditionExpression', '')}"
    names = {f"#{name}": name for name in _NAMES if f"#{name}" in text}
    return {**update, "ExpressionAttributeNames": names, "ExpressionAttributeValues": values}


def format_tracking(since: Mapping[str, float], version: str) -> dict[str, Any]:
    """Format the item that holds when tracking began: digests by time, as most routes share a time."""
    digests_by_time: dict[str, list[str]] = {}
    for digest, time in since.items():
        digests_by_time.setdefault(repr(time), []).append(digest)
    text = json.dumps({time: " ".join(digests) for time, digests in digests_by_time.items()})
    return {**TRACKING_KEY, "since": {"S": text}, "version": {"S": version}}


def parse_tracking(item: Mapping[str, Any]) -> Tracking:
    """Parse the item that holds when tracking began; `item` is empty in a new table."""
    if not item:
        return Tracking({}, "")
    digests_by_time = json.loads(item["since"]["S"])
    since = {digest: float(time) for time, digests in digests_by_time.items() for digest in digests.split()}
    return Tracking(since, item["version"]["S"])
