"""Lambda on a virtual clock: the event source mapping's pollers, and the invocations of the real handler.

https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from purgemap.lambda_function import Handler
from simulation.edges import Killer
from simulation.queues import Entry, StandardQueue
from simulation.timeline import KilledError, Life, Timeline

# The values of deploy/template.yaml; test_seeds.py compares them.
BATCH_SIZE = 10_000
WINDOW_SECONDS = 10
CONCURRENCY = 2
TIMEOUT_SECONDS = 60

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
_PAYLOAD_BYTES = 6 * 1024 * 1024
_LOOKS_PER_WINDOW = 5

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
_MAX_RECEIVED = 10


@dataclass(frozen=True, slots=True)
class Invocation:
    """One run of the function: its number of messages, its seconds, and its end."""

    messages: int
    seconds: float
    end: str  # "answered", "raised", "killed" or "timed out"


class Context:
    """The part of Lambda's context that the handler reads."""

    def __init__(self, timeline: Timeline, deadline: float) -> None:
        self._timeline = timeline
        self._deadline = deadline

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self._deadline - self._timeline.clock()) * 1000))


class EventSource:
    """Polls a queue with as many tasks as the function may run at once."""

    def __init__(self, queue: StandardQueue, handler: Handler, timeline: Timeline, killer: Killer) -> None:
        self.invocations: list[Invocation] = []
        self.running = 0
        self.window_seconds: float = WINDOW_SECONDS
        self._collecting = 0
        self._queue = queue
        self._handler = handler
        self._timeline = timeline
        self._killer = killer
        self._is_stopped = False
        self._pollers = [timeline.start(self._poll) for _ in range(CONCURRENCY)]

    @property
    def is_broken(self) -> bool:
        """Whether an error ended a poller: a bug of the handler or of the simulation."""
        return any(poller.error for poller in self._pollers)

    def stop(self) -> None:
        """Stop the pollers; raises the error that ended one earlier."""
        self._is_stopped = True
        self._queue.wake_all()
        self._timeline.join(self._pollers)

    def _poll(self) -> None:
        while self._is_awake():
            self.running += 1
            self._collecting += 1
            self._collect()
            entries = self._queue.receive(*self._max_batch())
            self._collecting -= 1
            if entries:
                self.process(entries)
            self.running -= 1

    def _is_awake(self) -> bool:
        """Wait for a message; return False if the pollers must stop."""
        self._queue.wait()
        return not self._is_stopped

    def _collect(self) -> None:
        """Wait for the batching window to end, or for a whole batch."""
        for _ in range(_LOOKS_PER_WINDOW):
            if self._queue.has_batch(BATCH_SIZE, _PAYLOAD_BYTES):
                return
            self._timeline.sleep(self.window_seconds / _LOOKS_PER_WINDOW)

    def _max_batch(self) -> tuple[int, int]:
        """Return the most messages and bytes of the next batch."""
        return BATCH_SIZE, _PAYLOAD_BYTES

    def process(self, entries: Sequence[Entry]) -> None:
        """Invoke the function and delete the messages that succeeded; the others become visible again."""
        failed = self.invoke(entries)
        self._queue.acknowledge([entry for entry in entries if entry.id not in failed])

    def invoke(self, entries: Sequence[Entry]) -> set[str]:
        """Run the handler in a life of its own; returns the ids of the messages that failed."""
        begin, answers = self._timeline.clock(), list[Any]()
        life = Life(begin + TIMEOUT_SECONDS)
        records = {"Records": [_record(entry) for entry in entries]}

        def work() -> None:
            answers.append(self._handler(records, Context(self._timeline, life.deadline)))
            self._killer.kill_perhaps()

        task = self._timeline.start(work, life)
        self._timeline.wait_for(task)
        self.invocations.append(
            Invocation(len(entries), self._timeline.clock() - begin, _end(task.error, self._timeline.clock(), life))
        )
        if task.error is None:
            return {failure["itemIdentifier"] for failure in answers[0]["batchItemFailures"]}
        if not isinstance(task.error, KilledError):
            raise task.error
        return {entry.id for entry in entries}


class SharingEventSource(EventSource):
    """Pollers that collect at the same time share what is visible, ten messages at a time.

    Lambda documents no order: each poller takes what its own requests return. The plain source is the other extreme,
    in which one poller takes everything.
    """

    def _max_batch(self) -> tuple[int, int]:
        receives = math.ceil(self._queue.count_visible() / _MAX_RECEIVED / self._collecting)
        return max(1, min(BATCH_SIZE, receives * _MAX_RECEIVED)), _PAYLOAD_BYTES


def _end(error: BaseException | None, now: float, life: Life) -> str:
    if error is None:
        return "answered"
    if isinstance(error, KilledError):
        return "timed out" if now >= life.deadline else "killed"
    return "raised"


def _record(entry: Entry) -> dict[str, Any]:
    return {
        "messageId": entry.id,
        "body": entry.body,
        "attributes": {"ApproximateReceiveCount": str(entry.receives)},
        "eventSource": "aws:sqs",
    }
