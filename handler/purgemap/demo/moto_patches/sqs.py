"""Make moto's queues fast and thread-safe under load, and leave their messages to a poller."""

import contextlib
import copy
import functools
import math
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from moto.core.utils import camelcase_to_underscores
from moto.sqs import models
from moto.sqs.exceptions import ReceiptHandleIsInvalid
from moto.sqs.models import Message, Queue, SQSBackend, _filter_message_attributes

from purgemap.demo.moto_patches.registry import PATCHES, replaces

_COUNTS = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed", "ApproximateNumberOfMessagesNotVisible")
_WAKE_UP_SECONDS = 0.1  # the end of a visibility timeout notifies no waiting thread, so a long poll checks this often


@PATCHES.append
def _count_messages_on_request() -> None:
    """Count messages only on request, so that sending one costs the same in any queue.

    moto: counts the queue three times for each SendMessage, nine times for each message received, and computes the
    names of all attributes each time.
    """
    models.camelcase_to_underscores = functools.cache(camelcase_to_underscores)  # type: ignore[attr-defined]
    Queue.BASE_ATTRIBUTES = [name for name in Queue.BASE_ATTRIBUTES if name not in _COUNTS]


@PATCHES.append
def _leave_messages_to_the_poller() -> None:
    """Store every message that is sent; `purgemap.demo.sqs_poller` polls.

    moto: on a queue with an event source mapping, SendMessage itself calls the function, and without Docker loses the
    message. The mapping can still be created and described.
    """
    Queue.lambda_event_source_mappings = property(lambda _queue: {}, lambda _queue, _mappings: None)  # type: ignore[assignment]


@replaces(SQSBackend, "get_queue_attributes")
def _get_queue_attributes(
    original: Callable[..., dict[str, Any]], backend: SQSBackend, queue_name: str, attribute_names: list[str]
) -> dict[str, Any]:
    counts = [name for name in _COUNTS if name in attribute_names or "All" in attribute_names]
    other_names = [name for name in attribute_names if name not in _COUNTS]
    attributes = original(backend, queue_name, other_names)
    return attributes | _counts(backend.get_queue(queue_name), counts)


def _counts(queue: Queue, names: list[str]) -> dict[str, int]:
    now = time.time() * 1000
    with queue._messages_lock:
        messages = queue._messages
        states = Counter((message.visible_at >= now, message.delayed_until > now) for message in messages)
    counts = {
        "ApproximateNumberOfMessages": states[False, False],
        "ApproximateNumberOfMessagesDelayed": states[False, True] + states[True, True],
        "ApproximateNumberOfMessagesNotVisible": states[True, False] + states[True, True],
    }
    return {name: counts[name] for name in names}


@replaces(SQSBackend, "receive_message")
def _receive_message(  # noqa: PLR0913, PLR0917  the signature is moto's
    original: Callable[..., list[Message]],
    backend: SQSBackend,
    queue_name: str,
    count: int,
    wait_seconds_timeout: int,
    visibility_timeout: int,
    message_attribute_names: list[str] | None = None,
) -> list[Message]:
    """Give a message to one receiver at a time, at a cost that does not grow with the queue.

    moto: does not lock, so two pollers may get one message, and copies the whole queue for each receipt. FIFO queues
    are not patched.
    """
    queue = backend.get_queue(queue_name)
    names = message_attribute_names or []
    if queue.fifo_queue:
        return original(backend, queue_name, count, wait_seconds_timeout, visibility_timeout, names)
    deadline = time.monotonic() + wait_seconds_timeout
    with queue._messages_lock:
        messages = _take_messages(queue, count, visibility_timeout)
        while not messages and (seconds := deadline - time.monotonic()) > 0:
            queue._messages_lock.wait(min(seconds, _WAKE_UP_SECONDS))
            messages = _take_messages(queue, count, visibility_timeout)
        copies = [copy.copy(message) for message in messages]
    for message in copies:
        _filter_message_attributes(message, names)
    return copies


def _take_messages(queue: Queue, count: int, visibility_timeout: int) -> list[Message]:
    """Put up to `count` visible messages in flight; move those received too often to the dead-letter queue."""
    limit = queue.redrive_policy["maxReceiveCount"] if queue.redrive_policy else math.inf
    now = time.time() * 1000
    in_flight: list[Message] = []
    dead_letters: list[Message] = []
    for message in queue._messages:
        if message.visible_at >= now or message.delayed_until > now:
            continue
        if message.approximate_receive_count >= limit:
            dead_letters.append(message)
            continue
        message.mark_received(visibility_timeout)
        _messages_by_receipt(queue)[str(message.receipt_handle)] = message
        in_flight.append(message)
        if len(in_flight) == count:
            break
    for message in dead_letters:
        queue._messages.remove(message)
        queue.dead_letter_queue.add_message(message)  # type: ignore[union-attr]
    return in_flight


def _messages_by_receipt(queue: Queue) -> dict[str, Message]:
    # By each receipt handle that was ever returned for a message.
    messages: dict[str, Message] = queue.__dict__.setdefault("receipts", {})
    return messages


@replaces(Queue, "delete_message")
def _delete_message(original: Callable[..., None], queue: Queue, receipt_handle: str) -> None:
    """Delete messages for good.

    moto: rebuilds the list without a lock: of 4,000 messages deleted by four threads, 2,698 reappeared. It also
    searches every receipt of every message for each deletion.
    """
    with queue._messages_lock:
        if queue.fifo_queue:
            original(queue, receipt_handle)
            return
        message = _messages_by_receipt(queue).get(receipt_handle)
        if message is None:
            raise ReceiptHandleIsInvalid
        # A message may be deleted twice, and after it has become a dead letter.
        with contextlib.suppress(ValueError):
            queue._messages.remove(message)


@replaces(SQSBackend, "change_message_visibility")
def _change_message_visibility(
    original: Callable[..., None], backend: SQSBackend, queue_name: str, *args: Any, **kwargs: Any
) -> None:
    with backend.get_queue(queue_name)._messages_lock:
        original(backend, queue_name, *args, **kwargs)
