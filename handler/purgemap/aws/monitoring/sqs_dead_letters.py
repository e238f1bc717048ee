"""A queue as a person's commands read it, by way of botocore: its depth and age, and its letters."""

import itertools
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from purgemap.aws.clients import Aws
from purgemap.aws.errors import describe_error
from purgemap.aws.monitoring.queue_metrics import read_maxima
from purgemap.delivery import ReceivedMessage
from purgemap.errors import PurgemapError

_Thing = TypeVar("_Thing")

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
_PER_CALL = 10

# A long poll asks all of SQS's servers, a short one some of them: after an empty answer nothing is left.
_WAIT_SECONDS = 2

_COUNTS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


class QueueDepth(NamedTuple):
    """How many messages a queue holds, about, and when AWS's clock said so, in whole seconds since the epoch."""

    visible: int
    in_flight: int
    delayed: int
    time: float

    @property
    def total(self) -> int:
        """All of them."""
        return self.visible + self.in_flight + self.delayed


class SqsDeadLetterQueue:
    """`sweeping.Inbox` over a queue: what is received stays hidden for `visibility` seconds."""

    def __init__(self, aws: Aws, url: str, visibility: int = 1_800) -> None:
        self.url = url
        self._aws = aws
        self._visibility = visibility

    def depth(self) -> QueueDepth:
        """Ask for the depth; raises PurgemapError."""
        with _told(self.url):
            answer = self._sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=list(_COUNTS))
        visible, in_flight, delayed = (int(answer["Attributes"][name]) for name in _COUNTS)
        return QueueDepth(visible, in_flight, delayed, _time_of(answer))

    def age_of_oldest(self) -> float | None:
        """Ask CloudWatch for the age of the oldest message in seconds, None if it knows none; raises PurgemapError.

        Looking into the queue instead would count as a receive, and five of these make a message a dead letter; and
        a job that is held back can't be looked at. The metric is a minute or two behind, and a queue that nothing
        used for six hours has none: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
        """
        queue = {"QueueName": self.url.rpartition("/")[2]}
        maxima = read_maxima(self._aws, "AWS/SQS", "ApproximateAgeOfOldestMessage", queue, minutes=15)
        return maxima[-1] if maxima else None

    def receive(self) -> list[ReceivedMessage]:
        """Receive up to ten letters and hide them from others; [] if there are none. Raises PurgemapError."""
        with _told(self.url):
            answer = self._sqs.receive_message(
                QueueUrl=self.url,
                MaxNumberOfMessages=_PER_CALL,
                VisibilityTimeout=self._visibility,
                WaitTimeSeconds=_WAIT_SECONDS,
                MessageSystemAttributeNames=["SentTimestamp"],
                MessageAttributeNames=["All"],
            )
        return [_letter(message) for message in answer.get("Messages", [])]

    def delete(self, receipts_by_id: Mapping[str, str]) -> dict[str, str]:
        """Delete letters; returns why not, by id, for those that are still there."""
        return {
            id_: reason
            for some in _tens(receipts_by_id.items())
            for id_, reason in self._delete_ten(dict(some)).items()
        }

    def _delete_ten(self, receipts_by_id: Mapping[str, str]) -> dict[str, str]:
        ids = list(receipts_by_id)
        entries = [{"Id": str(place), "ReceiptHandle": receipts_by_id[id_]} for place, id_ in enumerate(ids)]
        try:
            answer = self._sqs.delete_message_batch(QueueUrl=self.url, Entries=entries)
        except (ClientError, BotoCoreError) as error:
            return dict.fromkeys(ids, describe_error(error))
        failed = answer.get("Failed", [])
        return {ids[int(entry["Id"])]: f"{entry['Code']}: {entry.get('Message', '')}" for entry in failed}

    def release(self, receipts: Sequence[str]) -> None:
        """Show letters again to who reads the queue next; what fails comes back when its time is over."""
        for some in _tens(receipts):
            entries = [
                {"Id": str(place), "ReceiptHandle": receipt, "VisibilityTimeout": 0}
                for place, receipt in enumerate(some)
            ]
            try:
                self._sqs.change_message_visibility_batch(QueueUrl=self.url, Entries=entries)
            except (ClientError, BotoCoreError):
                return

    @property
    def _sqs(self) -> Any:
        return self._aws.client("sqs")


@contextmanager
def _told(what: str) -> Iterator[None]:
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise PurgemapError(f"{what}: {describe_error(error)}") from error


def _letter(message: dict[str, Any]) -> ReceivedMessage:
    attributes = message.get("MessageAttributes", {})
    return ReceivedMessage(
        id=message["MessageId"],
        receipt=message["ReceiptHandle"],
        body=message["Body"],
        attributes={name: value.get("StringValue", "") for name, value in attributes.items()},
        sent=int(message["Attributes"]["SentTimestamp"]) / 1000,
    )


def _time_of(answer: dict[str, Any]) -> float:
    """Read AWS's clock, by which messages are stamped, from an answer; this machine's may be minutes off."""
    date = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
    return parsedate_to_datetime(date).timestamp() if date else time.time() // 1


def _tens(things: Iterable[_Thing]) -> Iterator[list[_Thing]]:
    iterator = iter(things)
    while some := list(itertools.islice(iterator, _PER_CALL)):
        yield some
