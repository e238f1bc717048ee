"""A queue → the batches that Lambda's event source mapping would make of it, each handed to the handler.

The rules: https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html (the event, the window) and
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html (what an answer means).
"""

import json
import logging
import time
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Message: TypeAlias = dict[str, Any]
Handler: TypeAlias = Callable[[Any, Any], Any]

MAX_PAYLOAD_BYTES = 6 * 1024 * 1024  # of an invocation, its records' metadata included
FUNCTION_TIMEOUT_SECONDS = 60.0
_RECEIVE_AT_ONCE = 10  # SQS's limit of one call
_LONG_POLL_SECONDS = 1
_PAUSE_SECONDS = 0.05  # between looks in the last second of a window, too short for a long poll
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Batch:
    """What one invocation of the handler came to: message ids, and those among them that failed."""

    message_ids: tuple[str, ...]
    failed_ids: frozenset[str]


class Context:
    """What a function is told of its invocation: the parts of Lambda's context object that handlers read."""

    def __init__(
        self, timeout_seconds: float = FUNCTION_TIMEOUT_SECONDS, now: Callable[[], float] = time.monotonic
    ) -> None:
        self.aws_request_id = str(uuid.uuid4())
        self.function_name = "purgemap"
        self._now = now
        self._deadline = now() + timeout_seconds

    def get_remaining_time_in_millis(self) -> int:
        """Tell the milliseconds that are left before Lambda would end the invocation."""
        return max(0, int((self._deadline - self._now()) * 1000))


@dataclass(slots=True)
class EventSource:
    """An event source mapping with ReportBatchItemFailures, polling in the thread that calls it."""

    sqs: Any
    queue_url: str
    queue_arn: str
    handler: Handler
    batch_size: int = 10_000
    window_seconds: float = 10.0
    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    batches: list[Batch] = field(default_factory=list)  # all so far; one is here before its messages are deleted
    _held: deque[Message] = field(default_factory=deque)  # received, but too large for the last batch

    def poll(self) -> Batch | None:
        """Collect one batch, invoke the handler, delete what succeeded; None if the queue gave nothing.

        What failed stays in the queue: SQS shows it again after the visibility timeout, and moves it to the dead-letter
        queue once it has been received too often.
        """
        messages = self._collect()
        if not messages:
            return None
        identifiers = tuple(message["MessageId"] for message in messages)
        failed = self._invoke(messages, identifiers)
        self.batches.append(Batch(identifiers, failed))
        self._delete([message for message in messages if message["MessageId"] not in failed])
        return self.batches[-1]

    def _collect(self) -> list[Message]:
        """Receive until the batch size or the payload's limit is reached, or the window of the first message ends."""
        self._held = self._held or deque(self._receive(_LONG_POLL_SECONDS))
        deadline = self.now() + self.window_seconds
        messages: list[Message] = []
        size = 0
        while self._held and len(messages) < self.batch_size:
            size += _record_size(self._held[0], self.queue_arn)
            if messages and size > MAX_PAYLOAD_BYTES:
                break
            messages.append(self._held.popleft())
            self._held = self._held or deque(self._receive_until(deadline))
        return messages

    def _receive_until(self, deadline: float) -> list[Message]:
        """Receive the next messages; [] once the window is over."""
        while (left := deadline - self.now()) > 0:
            received = self._receive(min(int(left), _LONG_POLL_SECONDS))
            if received:
                return received
            self.sleep(min(left, _PAUSE_SECONDS))
        return []

    def _receive(self, wait_seconds: int) -> list[Message]:
        answer = self.sqs.receive_message(
            QueueUrl=self.queue_url,
            MaxNumberOfMessages=_RECEIVE_AT_ONCE,
            WaitTimeSeconds=wait_seconds,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        return list(answer.get("Messages", []))

    def _invoke(self, messages: Sequence[Message], identifiers: Sequence[str]) -> frozenset[str]:
        event = {"Records": [to_record(message, self.queue_arn) for message in messages]}
        try:
            # Through JSON and back, as an event and an answer travel: what JSON can't say fails here too.
            answer = json.loads(json.dumps(self.handler(json.loads(json.dumps(event)), Context(now=self.now))))
        except Exception:  # noqa: BLE001  Lambda's rule: whatever a function raises fails its batch
            _log.exception("the handler failed with a batch of %d", len(messages))
            return frozenset(identifiers)
        return parse_failures(answer, identifiers)

    def _delete(self, messages: Sequence[Message]) -> None:
        for start in range(0, len(messages), _RECEIVE_AT_ONCE):
            some = messages[start : start + _RECEIVE_AT_ONCE]
            entries = [
                {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]} for number, message in enumerate(some)
            ]
            self.sqs.delete_message_batch(QueueUrl=self.queue_url, Entries=entries)


def parse_failures(answer: object, identifiers: Sequence[str]) -> frozenset[str]:
    """Read the ids of the messages that failed from a handler's answer.

    Nothing, {} and an empty or null list mean success; an identifier that is empty, null, misspelt or no message of
    the batch fails the whole batch, and so does an answer of another shape.
    """
    everything = frozenset(identifiers)
    if answer is None or answer == {}:
        return frozenset()
    if not isinstance(answer, dict):
        return everything
    failures = answer.get("batchItemFailures") or []
    if not isinstance(failures, list) or not all(isinstance(failure, dict) for failure in failures):
        return everything
    failed = [failure.get("itemIdentifier") for failure in failures]
    return frozenset(failed) if everything.issuperset(failed) else everything


def to_record(message: Message, queue_arn: str) -> dict[str, Any]:
    """Spell a message that ReceiveMessage returned as a record of Lambda's SQS event."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": {name: _attribute(value) for name, value in message.get("MessageAttributes", {}).items()},
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": queue_arn.split(":")[3],
    }


def _attribute(value: dict[str, Any]) -> dict[str, Any]:
    spelt = {name[0].lower() + name[1:]: content for name, content in value.items()}
    return {"stringListValues": [], "binaryListValues": [], **spelt}


def _record_size(message: Message, queue_arn: str) -> int:
    return len(json.dumps(to_record(message, queue_arn)).encode()) + 2
