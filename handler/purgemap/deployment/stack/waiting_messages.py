"""Count the messages that a stack's queues hold: its removal would lose them."""

from typing import NamedTuple

from botocore.exceptions import ClientError

from purgemap.aws import Aws, error_code
from purgemap.aws.monitoring import SqsDeadLetterQueue
from purgemap.deployment.stack.stack import Stack
from purgemap.errors import PurgemapError
from purgemap.text import pluralize

# The second is botocore's name for SQS's error: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html
_MISSING_CODES = {"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"}


class QueueCount(NamedTuple):
    """The approximate number of a queue's messages; None, and the reason, if it can't be read."""

    name: str
    messages: int | None
    reason: str = ""

    def __str__(self) -> str:
        count = "an unknown number of messages" if self.messages is None else pluralize(self.messages, "message")
        return f"{count} in the {self.name}"


def count_messages(stack: Stack) -> tuple[QueueCount, QueueCount]:
    """Count the messages in the queue and in the dead-letter queue of a stack."""
    aws = Aws(region=stack.region)
    return (
        _count(aws, "queue", stack.outputs.get("QueueUrl", "")),
        _count(aws, "dead-letter queue", stack.outputs.get("DeadLetterQueueUrl", "")),
    )


def _count(aws: Aws, name: str, url: str) -> QueueCount:
    # A stack that was never complete has no outputs, and its function received nothing.
    if not url:
        return QueueCount(name, 0)
    try:
        return QueueCount(name, SqsDeadLetterQueue(aws, url).depth().total)
    except PurgemapError as error:
        cause = error.__cause__
        # A removal that failed may have deleted the queue already.
        is_missing = isinstance(cause, ClientError) and error_code(cause) in _MISSING_CODES
        return QueueCount(name, 0) if is_missing else QueueCount(name, None, str(error))


def check_empty(counts: tuple[QueueCount, ...]) -> None:
    """Raise PurgemapError if messages wait in a queue, or may wait there."""
    for count in counts:
        if count.messages is None:
            raise PurgemapError(f"messages may wait in the {count.name}: {count.reason}; or pass --discard-messages")
    waiting = [str(count) for count in counts if count.messages]
    if waiting:
        raise PurgemapError(
            f"{' and '.join(waiting)} would be lost, and the objects in them stay stale: wait until purgemap status "
            "shows none, send dead letters again with purgemap redrive, or pass --discard-messages"
        )
