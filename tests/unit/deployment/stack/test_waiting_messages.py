"""The refusal to lose messages: waiting ones, and those that can't be counted."""

import pytest

from purgemap.deployment.stack.waiting_messages import QueueCount, check_empty
from purgemap.errors import PurgemapError

EMPTY = QueueCount("queue", 0), QueueCount("dead-letter queue", 0)


def test_empty_queues_may_be_removed() -> None:
    check_empty(EMPTY)


@pytest.mark.parametrize(
    ("count", "problem"),
    [
        (QueueCount("queue", 1), r"^1 message in the queue would be lost"),
        (QueueCount("queue", 1_200), r"^1,200 messages in the queue would be lost"),
        (
            QueueCount("queue", None, "https://sqs/q: GetQueueAttributes: AccessDenied: no"),
            r"^messages may wait in the queue: https://sqs/q: GetQueueAttributes: AccessDenied: no; or pass --discard",
        ),
    ],
)
def test_messages_that_may_wait_are_not_lost(count: QueueCount, problem: str) -> None:
    with pytest.raises(PurgemapError, match=problem):
        check_empty((count, EMPTY[1]))


def test_count_that_is_unknown_says_so() -> None:
    assert str(QueueCount("queue", None, "denied")) == "an unknown number of messages in the queue"
