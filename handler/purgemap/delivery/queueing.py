"""Write deferred jobs to the queue and rejected jobs to the dead-letter queue."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple, Protocol

from purgemap.delivery.outcomes import Deferred, Outcome, Rejected
from purgemap.jobs import job_messages, pack_bodies


class QueueMessage(NamedTuple):
    """The body of a message, and its delay in seconds."""

    body: str
    delay: int = 0


class Queue(Protocol):
    """The one call that is made to a queue."""

    def send(self, messages: Sequence[QueueMessage]) -> list[str]:
        """Send messages; return one error text per message, "" for success. A failed call does not raise."""


class ReceivedMessage(NamedTuple):
    """A message received from a queue; `sent` is in seconds since the epoch."""

    id: str
    receipt: str
    body: str
    attributes: Mapping[str, str]
    sent: float


class EnqueueFailure(NamedTuple):
    """A job that could not be written to a queue. Its SQS records must be retried."""

    distribution: str
    reason: str


def enqueue_outcomes(
    outcomes: Sequence[Outcome], queue: Queue | None, dead_letters: Queue | None
) -> list[EnqueueFailure]:
    """Send deferred jobs to the queue, and rejected jobs to the dead-letter queue."""
    deferred = [outcome for outcome in outcomes if isinstance(outcome, Deferred)]
    rejected = [outcome for outcome in outcomes if isinstance(outcome, Rejected)]
    if not deferred and not rejected:
        return []
    return [*_enqueue(deferred, queue), *_enqueue(rejected, dead_letters)]


def _enqueue(outcomes: Sequence[Deferred | Rejected], queue: Queue | None) -> list[EnqueueFailure]:
    if queue is None:
        return [EnqueueFailure(outcome.job.distribution, outcome.reason) for outcome in outcomes]
    messages = list(_messages(outcomes))
    if not messages:
        return []
    errors = queue.send([message for message, _ in messages])
    return [
        EnqueueFailure(outcome.job.distribution, f"{outcome.reason}; the queue: {error}")
        for (_, outcomes_of_message), error in zip(messages, errors, strict=True)
        if error
        for outcome in outcomes_of_message
    ]


def _messages(outcomes: Iterable[Deferred | Rejected]) -> Iterator[tuple[QueueMessage, Sequence[Deferred | Rejected]]]:
    """Yield each message and its outcomes. Deferred jobs with the same delay share messages."""
    bodies_by_delay: dict[int, list[tuple[str, Deferred]]] = {}
    for outcome in outcomes:
        if isinstance(outcome, Deferred):
            bodies = bodies_by_delay.setdefault(outcome.delay, [])
            bodies += [(body, outcome) for body in job_messages(outcome.job, deferred=outcome.reason)]
        else:
            # An operator sees, filters and redrives rejected jobs one by one.
            for body in job_messages(outcome.job, rejected=outcome.reason):
                yield QueueMessage(body), [outcome]
    for delay, pairs in bodies_by_delay.items():
        waiting = iter([outcome for _, outcome in pairs])
        for body, count in pack_bodies([body for body, _ in pairs]):
            yield QueueMessage(body, delay), list(islice(waiting, count))
