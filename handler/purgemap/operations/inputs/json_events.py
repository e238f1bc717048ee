"""Parse JSON in a command's input: events of S3 that change objects, or that certainly change none."""

import json
from collections import Counter
from collections.abc import Sequence

from purgemap.errors import PurgemapError
from purgemap.events import UNCHANGING_DETAIL_TYPES, UNCHANGING_EVENT_NAMES, ObjectChange, parse_payload

_UNCHANGING = UNCHANGING_DETAIL_TYPES | UNCHANGING_EVENT_NAMES | {"s3"}  # s3:TestEvent
_CLOSING = {"{": "}", "[": "]"}


def is_json(text: str) -> bool:
    """Return whether a text is a JSON document."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def is_event(text: str, bucket: str | None) -> bool:
    """Return whether a text is an event or a list of events, not a key of `bucket`."""
    if text.startswith(('{"', '[{"')) or "\n" in text:
        return True
    if not text.startswith(("{", "[")):
        return False
    # Keys may begin with brackets, as Next.js's [slug].html does.
    return (bucket is None and text.startswith("{")) or ((bucket is None or '"' in text) and is_json(text))


def end_of_json(lines: Sequence[str], start: int, bucket: str | None) -> int:
    """Return the index after JSON that begins with a line of one bracket, `start + 1` if none begins."""
    closing = _CLOSING.get(lines[start].strip())
    # Single brackets may be keys of the bucket, and a list of them would be searched to its end for each.
    beginning = "".join(line.strip() for line in lines[start : start + 3])
    if not closing or (bucket is not None and not beginning.startswith(('{"', '[{"'))):
        return start + 1
    ends = (end + 1 for end in range(start + 1, len(lines)) if lines[end].rstrip() == closing)
    end = next(ends, start + 1)
    return end if bucket is None or is_json("\n".join(lines[start:end])) else start + 1


def parse_events(text: str, number: int) -> tuple[list[ObjectChange], int]:
    """Return the changes in JSON that begins at line `number`, and the number of events that change nothing.

    Raises PurgemapError.
    """
    begins = "begins like a JSON event, but"
    try:
        batch = parse_payload(json.loads(text))
    except json.JSONDecodeError as error:
        raise PurgemapError(f"{begins} line {number + error.lineno - 1}, column {error.colno}: {error.msg}") from None
    except (ValueError, RecursionError) as error:
        raise PurgemapError(f"{begins} {error}") from None
    for record in batch.malformed:
        raise PurgemapError(f"{record.source}: {record.reason}" if record.source else record.reason)
    if batch.jobs:
        raise PurgemapError("a deferred job, not an event: `purgemap redrive` sends it")
    _check_ignored(batch.ignored)
    return batch.changes, sum(batch.ignored.values())


def _check_ignored(ignored: Counter[str]) -> None:
    for kind in ignored:
        if kind == "foreign":
            raise PurgemapError("JSON, but not an event of S3; pass whole events, or objects as s3://BUCKET/KEY")
        # The function ignores more kinds, as CloudTrail's records. In an input they may be the only sign of a change.
        if kind.partition(":")[0] not in _UNCHANGING:
            raise PurgemapError(f"an event {kind!r}, which may have changed objects; name them as s3://BUCKET/KEY")
