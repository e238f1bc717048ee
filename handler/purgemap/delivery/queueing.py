"""Deferred and rejected jobs → messages that are safe in a queue, and those that could not be kept."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from purgemap.delivery.outcomes import Accepted, Deferred, Outcome, Rejected
from purgemap.jobs import job_messages


class QueueMessage(NamedTuple):
    """A message body and the seconds for which the queue holds it back."""

    body: str
    delay: int = 0


class Queue(Protocol):
    """The one call that is made to a queue."""

    def send(self, messages: Sequence[QueueMessage]) -> list[str]:
        """Send messages; returns for each why it was not kept, "" if it was. Never raises for a queue's failure."""


class ReceivedMessage(NamedTuple):
    """A message received from a queue; `sent` is in seconds since the epoch."""

    id: str
    receipt: str
    body: str
    attributes: Mapping[str, str]
    sent: float


class EnqueueFailure(NamedTuple):
    """A distribution whose deferred or rejected job is nowhere safe, and why: its records must go back."""

    distribution: str
    reason: str


def enqueue_outcomes(
    outcomes: Iterable[Outcome], queue: Queue | None, dead_letters: Queue | None
) -> list[EnqueueFailure]:
    """Put deferred jobs back into the queue and rejected ones into the dead-letter queue."""
    outcomes = [outcome for outcome in outcomes if not isinstance(outcome, Accepted)]
    deferred = [outcome for outcome in outcomes if isinstance(outcome, Deferred)]
    rejected = [outcome for outcome in outcomes if isinstance(outcome, Rejected)]
    return [*_enqueue(deferred, queue), *_enqueue(rejected, dead_letters)]


def _enqueue(outcomes: Sequence[Deferred | Rejected], queue: Queue | None) -> list[EnqueueFailure]:
    if queue is None:
        return [EnqueueFailure(outcome.job.distribution, outcome.reason) for outcome in outcomes]
    pairs = [(outcome, message) for outcome in outcomes for message in _messages(outcome)]
    if not pairs:
        return []
    reasons = queue.send([message for _, message in pairs])
    return [
        EnqueueFailure(outcome.job.distribution, f"{outcome.reason}; the queue: {reason}")
        for (outcome, _), reason in zip(pairs, reasons, strict=True)
        if reason
    ]


def _messages(outcome: Deferred | Rejected) -> list[QueueMessage]:
    if isinstance(outcome, Deferred):
        return [QueueMessage(body, outcome.delay) for body in job_messages(outcome.job, deferred=outcome.reason)]
    return [QueueMessage(body) for body in job_messages(outcome.job, rejected=outcome.reason)]
