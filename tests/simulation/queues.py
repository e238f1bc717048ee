"""SQS on a virtual clock: a standard queue with its redrive policy, and the queue of dead letters.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/standard-queues.html promises that a
message is delivered at least once, in any order. Here some are delivered twice, and all are shuffled.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from heapq import heappop, heappush
from random import Random

from purgemap.delivery.queueing import QueueMessage
from simulation.timeline import Task, Timeline

# The values of deploy/template.yaml; test_seeds.py compares them.
VISIBILITY_TIMEOUT = 370
MAX_RECEIVES = 5

# The JSON of Lambda's record without the body.
_ENVELOPE_BYTES = 700


class EntryState(StrEnum):
    """The state of a message."""

    WAITING = "waiting"
    ACKNOWLEDGED = "acknowledged"
    DEAD = "dead"


@dataclass(slots=True, eq=False)
class Entry:
    """A message in the queue; times are in seconds of the virtual clock."""

    id: str
    body: str
    visible_at: float
    sent: float = 0.0
    receives: int = 0
    state: EntryState = EntryState.WAITING

    @property
    def size(self) -> int:
        """The bytes of the message in an invocation's payload."""
        return len(self.body) + _ENVELOPE_BYTES


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message in the dead-letter queue; `by_redrive` if SQS put it there and not the function."""

    id: str
    body: str
    sent: float
    by_redrive: bool


class DeadLetters:
    """The dead-letter queue; `delivery.Queue` for the function."""

    def __init__(self, timeline: Timeline) -> None:
        self.letters: list[DeadLetter] = []
        self._clock = timeline.clock

    def send(self, messages: Sequence[QueueMessage]) -> list[str]:
        for message in messages:
            self.letters.append(DeadLetter(f"d-{len(self.letters)}", message.body, self._clock(), by_redrive=False))
        return [""] * len(messages)

    def add_dead_entry(self, entry: Entry) -> None:
        entry.state = EntryState.DEAD
        self.letters.append(DeadLetter(entry.id, entry.body, self._clock(), by_redrive=True))


class StandardQueue:
    """The queue of events and deferred jobs; `delivery.Queue` for the function."""

    def __init__(self, timeline: Timeline, dead_letters: DeadLetters, rng: Random, duplicates: float) -> None:
        self.entries: list[Entry] = []
        self._timeline = timeline
        self._dead_letters = dead_letters
        self._rng = rng
        self._duplicates = duplicates  # the share of deliveries that happen twice
        self._hidden: list[tuple[float, int, Entry]] = []
        self._visible: list[Entry] = []
        self._pushes = 0
        self._sleepers: list[tuple[Task, float]] = []

    def send(self, messages: Sequence[QueueMessage]) -> list[str]:
        for message in messages:
            self.put(message.body, message.delay)
        return [""] * len(messages)

    def put(self, body: str, delay: float = 0) -> Entry:
        """Add a message that shows after some seconds."""
        now = self._timeline.clock()
        entry = Entry(f"m-{len(self.entries)}", body, now + delay, now)
        self.entries.append(entry)
        self._hide(entry, entry.visible_at)
        return entry

    def wait(self) -> None:
        """Sleep until a message shows, or `rouse_all`."""
        if not self._list_visible():
            until = self._hidden[0][0] if self._hidden else self._timeline.clock() + 86_400
            sleeper = (self._timeline.current, until)
            self._sleepers.append(sleeper)
            self._timeline.sleep(until - self._timeline.clock())
            if sleeper in self._sleepers:
                self._sleepers.remove(sleeper)

    def wake_all(self) -> None:
        """Wake every task that waits for a message."""
        self._wake_sleepers(float("-inf"))

    def count_visible(self) -> int:
        """Return the number of visible messages."""
        return len(self._list_visible())

    def has_batch(self, count: int, size: int) -> bool:
        """Whether a whole batch is visible."""
        visible = self._list_visible()
        return len(visible) >= count or sum(entry.size for entry in visible) >= size

    def receive(self, count: int, size: int) -> list[Entry]:
        """Receive visible messages in any order, up to a number and a sum of bytes, and hide them for a while."""
        visible = self._list_visible()
        self._rng.shuffle(visible)
        received: list[Entry] = []
        while visible and len(received) < count:
            entry = visible.pop()
            if entry.receives >= MAX_RECEIVES:
                self._dead_letters.add_dead_entry(entry)
                continue
            size -= entry.size
            if received and size < 0:
                visible.append(entry)
                break
            received.append(entry)
            self._deliver(entry)
        return received

    def acknowledge(self, entries: Sequence[Entry]) -> None:
        """Delete messages; one that another delivery made a dead letter stays one."""
        for entry in entries:
            if entry.state is EntryState.WAITING:
                entry.state = EntryState.ACKNOWLEDGED

    def waiting(self) -> list[Entry]:
        """Return the messages that are neither acknowledged nor dead."""
        return [entry for entry in self.entries if entry.state is EntryState.WAITING]

    def _deliver(self, entry: Entry) -> None:
        entry.receives += 1
        again = VISIBILITY_TIMEOUT
        if self._duplicates and self._rng.random() < self._duplicates:
            again = self._rng.randrange(1, 60)
        self._hide(entry, self._timeline.clock() + again)

    def _hide(self, entry: Entry, until: float) -> None:
        entry.visible_at = until
        self._pushes += 1
        heappush(self._hidden, (until, self._pushes, entry))
        self._wake_sleepers(until)

    def _wake_sleepers(self, until: float) -> None:
        for sleeper in [sleeper for sleeper in self._sleepers if sleeper[1] > until]:
            self._sleepers.remove(sleeper)
            self._timeline.wake(sleeper[0])

    def _list_visible(self) -> list[Entry]:
        """Return the visible messages, as the list that the queue keeps."""
        now = self._timeline.clock()
        while self._hidden and self._hidden[0][0] <= now:
            self._visible.append(heappop(self._hidden)[2])
        if any(entry.state is not EntryState.WAITING for entry in self._visible):
            self._visible = [entry for entry in self._visible if entry.state is EntryState.WAITING]
        return self._visible
