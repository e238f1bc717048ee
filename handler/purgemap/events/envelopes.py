"""A Lambda payload or a message body → the events in it, taken out of queues, topics and lists.

Nothing raises: what can't be read comes as a MalformedEventError *value*, so that its neighbours still count. Nesting
is bounded, since Python's recursion limit is another one in each version.
"""

import json
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, NamedTuple

from purgemap.errors import MalformedEventError

FOREIGN = "foreign"

# An event lies at most four deep: in a message, of a topic, in `Records`, in a list.
MAX_ENVELOPES = 8
# CloudTrail's events, the deepest that AWS sends, have about ten.
MAX_NESTING = 64
_TOO_DEEP = f"nested in more than {MAX_NESTING} lists and objects"

# Control characters may be in texts as they are: keys may hold them, and a change that can be read is not refused
# for what its writer should have escaped. Events that aren't decoded are read alike.
_decode = json.JSONDecoder(strict=False).decode


class Ignored(NamedTuple):
    """An event that changes nothing that is served, and the reason under which it is counted."""

    reason: str


def queue_records(payload: Any) -> list[dict[str, Any]] | None:
    """Return the records of a queue's batch, each with a message id; None for any other payload.

    An event source mapping sends `{"Records": […]}`, EventBridge Pipes the list alone; both take batchItemFailures:
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-batching-concurrency.html#pipes-partial-batch-failure
    """
    records = payload.get("Records") if isinstance(payload, dict) else payload
    return records if isinstance(records, list) and records and _have_message_ids(records) else None


def _have_message_ids(records: list[Any]) -> bool:
    try:
        for record in records:
            id_ = record["messageId"]
            if record["eventSource"] != "aws:sqs" or type(id_) is not str or not id_:
                return False
    except (TypeError, KeyError):
        return False
    return True


def unwrap(payload: Any) -> Iterator[Any]:
    """Yield the events of a payload that came without a queue."""
    for event in _events(payload, 0, is_queued=False):
        yield MalformedEventError(_TOO_DEEP) if _is_nested_deeper(event, MAX_NESTING) else event


def unwrap_body(body: Any) -> Iterator[Any]:
    """Yield the events of the body of a queue's message."""
    return _events(decode_body(body), 1, is_queued=True)


def decode_body(text: Any) -> Any:
    """Decode a body; what is not JSON, or is nested too deep, becomes a MalformedEventError value."""
    try:
        value = _decode(text)
    except RecursionError:
        return MalformedEventError(_TOO_DEEP)
    except (TypeError, ValueError) as error:
        return MalformedEventError(f"the body is not JSON: {error}")
    has_room = text.count("[") + text.count("{") <= MAX_NESTING
    return value if has_room or not _is_nested_deeper(value, MAX_NESTING) else MalformedEventError(_TOO_DEEP)


def _is_nested_deeper(value: Any, levels: int) -> bool:
    layer = [value]
    while layer and levels:
        layer = list(chain.from_iterable(map(_members, layer)))
        levels -= 1
    return any(isinstance(each, (dict, list)) for each in layer)


def _members(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def _events(value: Any, depth: int, *, is_queued: bool) -> Iterator[Any]:
    contents = _contents(value, is_queued=is_queued)
    if contents is None:
        yield value
    elif depth == MAX_ENVELOPES:
        yield MalformedEventError(f"wrapped more than {MAX_ENVELOPES} times in lists and messages")
    elif depth and not contents:
        yield MalformedEventError("an empty list, where events belong")
    else:
        for content in contents:
            yield from _events(content, depth + 1, is_queued=is_queued)


def _contents(value: Any, *, is_queued: bool) -> list[Any] | None:
    """Return what a list or an envelope holds; None for any other value."""
    if isinstance(value, list):
        return value
    if not isinstance(value, dict):
        return None
    records = value.get("Records")
    return records if isinstance(records, list) else _message_of(value, is_queued=is_queued)


def _message_of(record: dict[str, Any], *, is_queued: bool) -> list[Any] | None:
    """Return what a queue's record or a topic's notification carries; None for any other object."""
    if record.get("eventSource") == "aws:sqs":
        return [decode_body(record.get("body"))]
    notification = record.get("Sns") if record.get("EventSource") == "aws:sns" else record
    if isinstance(notification, dict) and notification.get("Type") == "Notification":
        return [_decode_message(notification.get("Message"), is_queued=is_queued)]
    return None


def _decode_message(text: Any, *, is_queued: bool) -> Any:
    """Decode a topic's message; a person's words, sent to try the topic, are no reason for Lambda to try again."""
    if not is_queued and isinstance(text, str) and not text.lstrip().startswith(("{", "[")):
        return Ignored(FOREIGN)
    return decode_body(text)
