"""Deferred and rejected jobs → messages that are safe in a queue, and those that could not be kept."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from purgemap.delivery import Accepted, Deferred, Outcome, Rejected
from purgemap.jobs import messages


class Message(NamedTuple):
    """A message body and the seconds for which the queue holds it back."""

    body: str
    delay: int = 0


class Queue(Protocol):
    """The one call that is made to a queue."""

    def send(self, messages: Sequence[Message]) -> list[str]:
        """Send messages; returns for each why it was not kept, "" if it was. Never raises for a queue's failure."""


class Unkept(NamedTuple):
    """A distribution whose deferred or rejected job is nowhere safe, and why: its records must go back."""

    distribution: str
    reason: str


def keep(outcomes: Iterable[Outcome], queue: Queue | None, dead_letters: Queue | None) -> list[Unkept]:
    """Put deferred jobs back into the queue and rejected ones into the dead-letter queue."""
    outcomes = [outcome for outcome in outcomes if not isinstance(outcome, Accepted)]
    deferred = [outcome for outcome in outcomes if isinstance(outcome, Deferred)]
    rejected = [outcome for outcome in outcomes if isinstance(outcome, Rejected)]
    return [*_keep(deferred, queue), *_keep(rejected, dead_letters)]


def _keep(outcomes: Sequence[Deferred | Rejected], queue: Queue | None) -> list[Unkept]:
    if queue is None:
        return [Unkept(outcome.job.distribution, outcome.reason) for outcome in outcomes]
    pairs = [(outcome, message) for outcome in outcomes for message in _messages(outcome)]
    if not pairs:
        return []
    reasons = queue.send([message for _, message in pairs])
    return [
        Unkept(outcome.job.distribution, f"{outcome.reason}; the queue: {reason}")
        for (outcome, _), reason in zip(pairs, reasons, strict=True)
        if reason
    ]


def _messages(outcome: Deferred | Rejected) -> list[Message]:
    if isinstance(outcome, Deferred):
        return [Message(body, outcome.delay) for body in messages(outcome.job, deferred=outcome.reason)]
    return [Message(body) for body in messages(outcome.job, rejected=outcome.reason)]
