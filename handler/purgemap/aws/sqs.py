"""Send messages to an SQS queue over botocore."""

from collections.abc import Iterator, Sequence
from typing import Any

from purgemap.aws.clients import Aws
from purgemap.aws.errors import describe_error
from purgemap.delivery import QueueMessage

# The bytes of a call count together, as those of one message do. SQS took 256 KiB for years and takes more today.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
_MAX_MESSAGES_PER_CALL = 10
_MAX_BYTES_PER_CALL = 256 * 1024


class SqsQueue:
    """`delivery.Queue` over SendMessageBatch."""

    def __init__(self, aws: Aws, url: str) -> None:
        self._aws = aws
        self._url = url

    def send(self, messages: Sequence[QueueMessage]) -> list[str]:
        """Send messages; returns for each the reason why the queue did not accept it, or ""."""
        reasons = ["not sent"] * len(messages)
        for indexes in _batches(messages):
            faults = self._send_batch(messages, indexes, reasons)
            # SQS fails single messages for a moment. A message holds many jobs, which would all be retried.
            if faults:
                self._send_batch(messages, faults, reasons)
        return reasons

    def _send_batch(self, messages: Sequence[QueueMessage], indexes: Sequence[int], reasons: list[str]) -> list[int]:
        """Make a call and set the reason of each message; return the messages that failed by a fault of SQS."""
        entries = [
            {"Id": str(index), "MessageBody": messages[index].body, "DelaySeconds": messages[index].delay}
            for index in indexes
        ]
        faults = []
        try:
            answer = self._aws.client("sqs").send_message_batch(QueueUrl=self._url, Entries=entries)
            for index, reason, is_fault in _parse_results(answer):
                if index in indexes:
                    reasons[index] = reason
                    faults += [index] * is_fault
        except Exception as error:  # noqa: BLE001  whatever fails, SQS must retry the records of these jobs
            for index in indexes:
                reasons[index] = describe_error(error)
            return []
        return faults


def _parse_results(answer: Any) -> Iterator[tuple[int, str, bool]]:
    """Yield for each message its index, the reason why it failed or "", and whether that is a fault of SQS."""
    for entry in answer.get("Successful", []):
        yield int(entry["Id"]), "", False
    for entry in answer.get("Failed", []):
        yield int(entry["Id"]), f"{entry['Code']}: {entry.get('Message', '')}", entry.get("SenderFault") is False


def _batches(messages: Sequence[QueueMessage]) -> Iterator[list[int]]:
    """Divide messages into calls; yields the indexes of each call's messages."""
    indexes: list[int] = []
    size = 0
    for index, message in enumerate(messages):
        length = len(message.body.encode())
        if indexes and (len(indexes) == _MAX_MESSAGES_PER_CALL or size + length > _MAX_BYTES_PER_CALL):
            yield indexes
            indexes, size = [], 0
        indexes.append(index)
        size += length
    if indexes:
        yield indexes
