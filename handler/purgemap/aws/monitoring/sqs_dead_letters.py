"""Read a queue for operators' commands over botocore: its depth, the age of its messages, and its dead letters."""

import itertools
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from purgemap.aws.clients import Aws
from purgemap.aws.errors import describe_error, translate_errors
from purgemap.aws.monitoring.queue_metrics import read_maxima
from purgemap.delivery import ReceivedMessage

_Item = TypeVar("_Item")

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
_MAX_MESSAGES_PER_CALL = 10

# A long poll queries all of SQS's servers, a short one some of them. So an empty answer means an empty queue.
_WAIT_SECONDS = 2

MESSAGE_COUNTS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)
"""SQS's names of a queue's counts: visible, in flight and delayed."""


class QueueDepth(NamedTuple):
    """The approximate number of a queue's messages, and the time of the count by AWS's clock.

    `time` is in whole seconds since the epoch.
    """

    visible: int
    in_flight: int
    delayed: int
    time: float

    @property
    def total(self) -> int:
        """The number of all messages."""
        return self.visible + self.in_flight + self.delayed


class SqsDeadLetterQueue:
    """`dead_letter_scan.DeadLetterQueue` over botocore; received letters are hidden for `visibility` seconds."""

    def __init__(self, aws: Aws, url: str, visibility: int = 1_800, wait_seconds: int = _WAIT_SECONDS) -> None:
        self.url = url
        self._aws = aws
        self._visibility = visibility
        self._wait_seconds = wait_seconds

    def depth(self) -> QueueDepth:
        """Read the number of messages; raises PurgemapError."""
        with translate_errors(self.url):
            answer = self._sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=list(MESSAGE_COUNTS))
        visible, in_flight, delayed = (int(answer["Attributes"][name]) for name in MESSAGE_COUNTS)
        return QueueDepth(visible, in_flight, delayed, _parse_time(answer))

    def age_of_oldest(self) -> float | None:
        """Read the age of the oldest message in seconds, None without a metric; raises PurgemapError."""
        # CloudWatch has the age. Receiving a message would count as an attempt, and after five it is a dead letter.
        # The metric is one or two minutes late, and a queue that was not used for six hours has none:
        # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
        queue = {"QueueName": self.url.rpartition("/")[2]}
        maxima = read_maxima(self._aws, "AWS/SQS", "ApproximateAgeOfOldestMessage", queue, minutes=15)
        return maxima[-1] if maxima else None

    def receive(self) -> list[ReceivedMessage]:
        """Receive up to ten letters and hide them from other readers; raises PurgemapError."""
        with translate_errors(self.url):
            answer = self._sqs.receive_message(
                QueueUrl=self.url,
                MaxNumberOfMessages=_MAX_MESSAGES_PER_CALL,
                VisibilityTimeout=self._visibility,
                WaitTimeSeconds=self._wait_seconds,
                MessageSystemAttributeNames=["SentTimestamp"],
                MessageAttributeNames=["All"],
            )
        return [_parse_letter(message) for message in answer.get("Messages", [])]

    def delete(self, receipts_by_id: Mapping[str, str]) -> dict[str, str]:
        """Delete letters; returns, by id, the reason for each that could not be deleted."""
        return {
            id_: reason
            for batch in _batches_of_ten(receipts_by_id.items())
            for id_, reason in self._delete_batch(dict(batch)).items()
        }

    def _delete_batch(self, receipts_by_id: Mapping[str, str]) -> dict[str, str]:
        ids = list(receipts_by_id)
        entries = [{"Id": str(index), "ReceiptHandle": receipts_by_id[id_]} for index, id_ in enumerate(ids)]
        try:
            answer = self._sqs.delete_message_batch(QueueUrl=self.url, Entries=entries)
        except (ClientError, BotoCoreError) as error:
            return dict.fromkeys(ids, describe_error(error))
        failed = answer.get("Failed", [])
        return {ids[int(entry["Id"])]: f"{entry['Code']}: {entry.get('Message', '')}" for entry in failed}

    def release(self, receipts: Sequence[str]) -> None:
        """Make letters visible to other readers at once."""
        for batch in _batches_of_ten(receipts):
            entries = [
                {"Id": str(index), "ReceiptHandle": receipt, "VisibilityTimeout": 0}
                for index, receipt in enumerate(batch)
            ]
            try:
                self._sqs.change_message_visibility_batch(QueueUrl=self.url, Entries=entries)
            except (ClientError, BotoCoreError):
                return  # letters still hidden become visible after `visibility` seconds

    @property
    def _sqs(self) -> Any:
        return self._aws.client("sqs")


def _parse_letter(message: dict[str, Any]) -> ReceivedMessage:
    attributes = message.get("MessageAttributes", {})
    return ReceivedMessage(
        id=message["MessageId"],
        receipt=message["ReceiptHandle"],
        body=message["Body"],
        attributes={name: value.get("StringValue", "") for name, value in attributes.items()},
        sent=int(message["Attributes"]["SentTimestamp"]) / 1000,
    )


def _parse_time(answer: dict[str, Any]) -> float:
    # AWS's clock stamps the messages; this machine's may be minutes off.
    date = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
    return parsedate_to_datetime(date).timestamp() if date else time.time() // 1


def _batches_of_ten(items: Iterable[_Item]) -> Iterator[list[_Item]]:
    # itertools.batched is new in Python 3.12, and purgemap runs on 3.11.
    iterator = iter(items)
    while batch := list(itertools.islice(iterator, _MAX_MESSAGES_PER_CALL)):
        yield batch
