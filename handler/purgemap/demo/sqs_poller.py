"""Poll a queue and invoke the handler, as Lambda's event source mapping does.

Events and the batching window: https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
Responses: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
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

MAX_PAYLOAD_BYTES = 6 * 1024 * 1024  # of an invocation, including its records' metadata
FUNCTION_TIMEOUT_SECONDS = 60.0
_MAX_MESSAGES_PER_CALL = 10  # SQS's limit
_LONG_POLL_SECONDS = 1
_PAUSE_SECONDS = 0.05  # between short polls: the last second of a window is too short for a long poll
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Invocation:
    """One invocation of the handler: the ids of its messages, and of those that failed."""

    message_ids: tuple[str, ...]
    failed_ids: frozenset[str]


class Context:
    """The members of Lambda's context object that handlers read."""

    def __init__(
        self, timeout_seconds: float = FUNCTION_TIMEOUT_SECONDS, now: Callable[[], float] = time.monotonic
    ) -> None:
        self.aws_request_id = str(uuid.uuid4())
        self.function_name = "purgemap"
        self._now = now
        self._deadline = now() + timeout_seconds

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until Lambda would end the invocation."""
        return max(0, int((self._deadline - self._now()) * 1000))


@dataclass(slots=True)
class EventSource:
    """An event source mapping with ReportBatchItemFailures, which polls in the caller's thread."""

    sqs: Any
    queue_url: str
    queue_arn: str
    handler: Handler
    batch_size: int = 10_000
    window_seconds: float = 10.0
    max_payload_bytes: int = MAX_PAYLOAD_BYTES
    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    invocations: list[Invocation] = field(default_factory=list)  # appended before the messages are deleted
    _next_messages: deque[Message] = field(default_factory=deque)  # received, but too large for the last batch

    def poll(self) -> Invocation | None:
        """Collect a batch, invoke the handler, delete the messages that succeeded; None for an empty queue."""
        # Failed messages stay in the queue: SQS shows them again after the visibility timeout, and moves them to the
        # dead-letter queue after too many receives.
        messages = self._collect()
        if not messages:
            return None
        ids = tuple(message["MessageId"] for message in messages)
        failed_ids = self._invoke(messages, ids)
        self.invocations.append(Invocation(ids, failed_ids))
        self._delete([message for message in messages if message["MessageId"] not in failed_ids])
        return self.invocations[-1]

    def _collect(self) -> list[Message]:
        """Receive up to the batch size or the payload's limit, until the first message's window ends."""
        self._next_messages = self._next_messages or deque(self._receive(_LONG_POLL_SECONDS))
        deadline = self.now() + self.window_seconds
        messages: list[Message] = []
        size = 0
        while self._next_messages and len(messages) < self.batch_size:
            size += len(json.dumps(to_record(self._next_messages[0], self.queue_arn)).encode()) + 2
            if messages and size > self.max_payload_bytes:
                break
            messages.append(self._next_messages.popleft())
            self._next_messages = self._next_messages or deque(self._receive_until(deadline))
        return messages

    def _receive_until(self, deadline: float) -> list[Message]:
        while (seconds := deadline - self.now()) > 0:
            if messages := self._receive(min(int(seconds), _LONG_POLL_SECONDS)):
                return messages
            self.sleep(min(seconds, _PAUSE_SECONDS))
        return []

    def _receive(self, wait_seconds: int) -> list[Message]:
        answer = self.sqs.receive_message(
            QueueUrl=self.queue_url,
            MaxNumberOfMessages=_MAX_MESSAGES_PER_CALL,
            WaitTimeSeconds=wait_seconds,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        return list(answer.get("Messages", []))

    def _invoke(self, messages: Sequence[Message], ids: Sequence[str]) -> frozenset[str]:
        event = {"Records": [to_record(message, self.queue_arn) for message in messages]}
        try:
            # Lambda sends events and responses as JSON, so a value without a JSON form must fail here, too.
            response = json.loads(json.dumps(self.handler(json.loads(json.dumps(event)), Context(now=self.now))))
        except Exception:  # noqa: BLE001  in Lambda, any error that a function raises fails its batch
            _log.exception("the handler failed with a batch of %d", len(messages))
            return frozenset(ids)
        return parse_failures(response, ids)

    def _delete(self, messages: Sequence[Message]) -> None:
        for start in range(0, len(messages), _MAX_MESSAGES_PER_CALL):
            batch = messages[start : start + _MAX_MESSAGES_PER_CALL]
            entries = [
                {"Id": str(index), "ReceiptHandle": message["ReceiptHandle"]} for index, message in enumerate(batch)
            ]
            self.sqs.delete_message_batch(QueueUrl=self.queue_url, Entries=entries)


def parse_failures(response: object, ids: Sequence[str]) -> frozenset[str]:
    """Parse the ids of the failed messages from a handler's response.

    None, {} and an empty or null list mean success. An unknown, empty or null id fails the whole batch, and so does a
    response of another shape.
    """
    all_ids = frozenset(ids)
    if response is None or response == {}:
        return frozenset()
    if not isinstance(response, dict):
        return all_ids
    failures = response.get("batchItemFailures") or []
    if not isinstance(failures, list) or not all(isinstance(failure, dict) for failure in failures):
        return all_ids
    failed_ids = [failure.get("itemIdentifier") for failure in failures]
    return frozenset(failed_ids) if all_ids.issuperset(failed_ids) else all_ids


def to_record(message: Message, queue_arn: str) -> dict[str, Any]:
    """Build a record of Lambda's SQS event from a message of ReceiveMessage."""
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
    # Lambda's names begin in lower case, SQS's in upper case.
    members = {name[0].lower() + name[1:]: content for name, content in value.items()}
    return {"stringListValues": [], "binaryListValues": [], **members}
