"""Status of queues that can be counted but not read."""

from collections.abc import Mapping, Sequence

from conftest import LoadMap
from purgemap.aws.monitoring import QueueDepth
from purgemap.delivery import ReceivedMessage
from purgemap.errors import PurgemapError
from purgemap.operations.status import read_dead_letters, read_queue
from purgemap.routing.router import Router
from support.ids import E1, NOW

MAP = f"""
version: 1
routes:
  - {{bucket: site, distributions: [{E1}]}}
"""


class UnreadableQueue:
    """A queue that can be counted, and nothing else."""

    url = "https://sqs.eu-central-1.amazonaws.com/123456789012/purgemap"

    def depth(self) -> QueueDepth:
        return QueueDepth(3, 1, 2, NOW)

    def age_of_oldest(self) -> float | None:
        raise PurgemapError("the age: AccessDenied")

    def receive(self) -> list[ReceivedMessage]:
        raise PurgemapError("ReceiveMessage: AccessDenied")

    def delete(self, receipts_by_id: Mapping[str, str]) -> dict[str, str]:
        raise AssertionError(receipts_by_id)

    def release(self, receipts: Sequence[str]) -> None:
        assert list(receipts) == []


def test_status_has_depth_of_queue_that_is_not_readable(map_from_yaml: LoadMap) -> None:
    problems: list[str] = []
    queue = read_queue(UnreadableQueue(), problems)
    dead = read_dead_letters(UnreadableQueue(), Router(map_from_yaml(MAP)), problems)
    assert queue is not None
    assert dead is not None
    assert queue.depth == dead.queue.depth == QueueDepth(3, 1, 2, NOW)
    assert problems == ["the age: AccessDenied", "ReceiveMessage: AccessDenied"]
