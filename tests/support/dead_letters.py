"""Dead letters as they are received, a job that the function rejected, and a dead-letter queue in memory."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from purgemap.aws.monitoring import QueueDepth
from purgemap.delivery import ReceivedMessage
from purgemap.jobs import Job, job_messages
from support.ids import E1, NOW


def letter(
    body: Any, id_: str = "m-1", attributes: Mapping[str, str] | None = None, sent: float = NOW - 60
) -> ReceivedMessage:
    text = body if isinstance(body, str) else json.dumps(body)
    return ReceivedMessage(id_, f"receipt of {id_}", text, attributes or {}, sent)


def job(distribution: str = E1, *items: str) -> Job:
    return Job(distribution, dict.fromkeys(items or ("/a.html",), "/"), ("m-1",), NOW - 9_000, 1, 7, 4, 3)


def rejected(distribution: str = E1, *items: str, reason: str = "NoSuchDistribution") -> str:
    (body,) = job_messages(job(distribution, *items), rejected=reason)
    return body


@dataclass
class MemoryDeadLetterQueue:
    """A dead-letter queue that hides what it has received, and may fail to delete."""

    letters: list[ReceivedMessage]
    undeletable: set[str] = field(default_factory=set)
    hidden: set[str] = field(default_factory=set)
    released: list[str] = field(default_factory=list)
    before_receive: Callable[[], None] = lambda: None
    url: str = "https://sqs.eu-central-1.amazonaws.com/123456789012/purgemap"

    def depth(self) -> QueueDepth:
        return QueueDepth(len(self.letters), 0, 0, NOW)

    def age_of_oldest(self) -> float | None:
        return None

    def receive(self) -> list[ReceivedMessage]:
        self.before_receive()
        received = [each for each in self.letters if each.id not in self.hidden][:10]
        self.hidden.update(each.id for each in received)
        return received

    def delete(self, receipts_by_id: Mapping[str, str]) -> dict[str, str]:
        deleted = {id_ for id_ in receipts_by_id if id_ not in self.undeletable}
        self.letters = [each for each in self.letters if each.id not in deleted]
        return {id_: "InternalError" for id_ in receipts_by_id if id_ not in deleted}

    def release(self, receipts: Sequence[str]) -> None:
        self.released += receipts
