"""moto's queues → queues that stay quick and whole under load, and that wait for a poller."""

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

from purgemap.demo.moto_patches.patch import patch

_COUNTS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateNumberOfMessagesNotVisible",
)
_WAKE_UP_SECONDS = 0.1  # a message whose visibility timeout ends wakes nobody, so a long poll looks this often


def count_messages_on_request() -> None:
    """Count messages for who asks, so that the cost of one doesn't grow with the queue.

    moto: each SendMessage, and three times each message received, counts the queue three times over, and spells
    the names of all attributes anew.
    """
    models.camelcase_to_underscores = functools.cache(camelcase_to_underscores)  # type: ignore[attr-defined]
    Queue.BASE_ATTRIBUTES = [name for name in Queue.BASE_ATTRIBUTES if name not in _COUNTS]
    patch(SQSBackend, "get_queue_attributes", _get_queue_attributes)


def receive_under_lock() -> None:
    """Give a message to one receiver at a time, at a cost that the messages behind it don't raise.

    moto: unlocked, so two pollers may get one message; each receipt copies the whole queue. FIFO queues stay moto's.
    """
    patch(SQSBackend, "receive_message", _receive_message)


def delete_under_lock() -> None:
    """Keep deleted what is deleted.

    moto: rebuilds the list unlocked, so that of 4,000 messages deleted by four threads 2,698 came back; and searches
    every receipt of every message for each.
    """
    patch(Queue, "delete_message", _delete_message)
    patch(SQSBackend, "change_message_visibility", _change_message_visibility)


def leave_messages_to_the_poller() -> None:
    """Store a message that is sent, whatever reads the queue.

    moto: with an event source mapping on the queue, SendMessage itself calls the function, and without Docker loses
    the message. The mapping is still created and described; `purgemap.demo.sqs_poller` is what polls.
    """
    Queue.lambda_event_source_mappings = property(lambda _queue: {}, lambda _queue, _mappings: None)  # type: ignore[assignment]


PATCHES = (
    count_messages_on_request,
    receive_under_lock,
    delete_under_lock,
    leave_messages_to_the_poller,
)


def _get_queue_attributes(
    original: Callable[..., dict[str, Any]], backend: SQSBackend, queue_name: str, attribute_names: list[str]
) -> dict[str, Any]:
    counts = [name for name in _COUNTS if name in attribute_names or "All" in attribute_names]
    others = [name for name in attribute_names if name not in _COUNTS]
    attributes = original(backend, queue_name, others)
    return attributes | _counts(backend.get_queue(queue_name), counts)


def _counts(queue: Queue, names: list[str]) -> dict[str, int]:
    now = time.time() * 1000
    with queue._messages_lock:
        states = Counter((m.visible_at >= now, m.delayed_until > now) for m in queue._messages)
    counts = {
        "ApproximateNumberOfMessages": states[False, False],
        "ApproximateNumberOfMessagesDelayed": states[False, True] + states[True, True],
        "ApproximateNumberOfMessagesNotVisible": states[True, False] + states[True, True],
    }
    return {name: counts[name] for name in names}


def _receive_message(  # noqa: PLR0913, PLR0917  the signature is moto's
    original: Callable[..., list[Message]],
    backend: SQSBackend,
    queue_name: str,
    count: int,
    wait_seconds_timeout: int,
    visibility_timeout: int,
    message_attribute_names: list[str] | None = None,
) -> list[Message]:
    queue = backend.get_queue(queue_name)
    names = message_attribute_names or []
    if queue.fifo_queue:
        return original(backend, queue_name, count, wait_seconds_timeout, visibility_timeout, names)
    deadline = time.monotonic() + wait_seconds_timeout
    with queue._messages_lock:
        taken = _take(queue, count, visibility_timeout)
        while not taken and (left := deadline - time.monotonic()) > 0:
            queue._messages_lock.wait(min(left, _WAKE_UP_SECONDS))
            taken = _take(queue, count, visibility_timeout)
        received = [copy.copy(message) for message in taken]
    for message in received:
        _filter_message_attributes(message, names)
    return received


def _take(queue: Queue, count: int, visibility_timeout: int) -> list[Message]:
    """Put up to `count` visible messages in flight; those received too often go to the dead-letter queue instead."""
    limit = queue.redrive_policy["maxReceiveCount"] if queue.redrive_policy else math.inf
    now = time.time() * 1000
    taken: list[Message] = []
    dead: list[Message] = []
    for message in queue._messages:
        if message.visible_at >= now or message.delayed_until > now:
            continue
        if message.approximate_receive_count >= limit:
            dead.append(message)
            continue
        message.mark_received(visibility_timeout)
        _receipts(queue)[str(message.receipt_handle)] = message
        taken.append(message)
        if len(taken) == count:
            break
    for message in dead:
        queue._messages.remove(message)
        queue.dead_letter_queue.add_message(message)  # type: ignore[union-attr]
    return taken


def _receipts(queue: Queue) -> dict[str, Message]:
    """Hold the messages of a queue by each receipt handle that was ever given for them."""
    receipts: dict[str, Message] = queue.__dict__.setdefault("receipts", {})
    return receipts


def _delete_message(original: Callable[..., None], queue: Queue, receipt_handle: str) -> None:
    with queue._messages_lock:
        if queue.fifo_queue:
            original(queue, receipt_handle)
            return
        message = _receipts(queue).get(receipt_handle)
        if message is None:
            raise ReceiptHandleIsInvalid
        # Deleting twice is fine, and so is deleting what has become a dead letter.
        with contextlib.suppress(ValueError):
            queue._messages.remove(message)


def _change_message_visibility(
    original: Callable[..., None],
    backend: SQSBackend,
    queue_name: str,
    *args: Any,
    **kwargs: Any,
) -> None:
    with backend.get_queue(queue_name)._messages_lock:
        original(backend, queue_name, *args, **kwargs)
