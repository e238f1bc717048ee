"""Read each letter of a dead-letter queue once, in batches."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, Self

from purgemap.delivery import ReceivedMessage

if TYPE_CHECKING:  # loading it loads botocore, for which `purgemap check` must not wait
    from purgemap.aws.monitoring import QueueDepth


class QueueMetrics(Protocol):
    """The counts and the age of a queue's messages."""

    @property
    def url(self) -> str:
        """The queue's URL."""

    def depth(self) -> "QueueDepth":
        """Count the messages; raises PurgemapError."""

    def age_of_oldest(self) -> float | None:
        """Return the age of the oldest message in seconds, None if it isn't known; raises PurgemapError."""


class DeadLetterQueue(QueueMetrics, Protocol):
    """The calls that are made to a dead-letter queue."""

    def receive(self) -> list[ReceivedMessage]:
        """Receive some letters and hide them from others for a while; [] if there are none. Raises PurgemapError."""

    def delete(self, receipts_by_id: Mapping[str, str]) -> dict[str, str]:
        """Delete letters; returns the errors, by id, for those that are still there. Never raises."""

    def release(self, receipts: Sequence[str]) -> None:
        """Make letters visible again. Never raises: they become visible by themselves in the end."""


class DeadLetterScan:
    """A scan of a dead-letter queue; at its end every letter that it did not delete is visible again.

    Letters sent at `sent_before` (seconds since the epoch) or later are counted, never returned. Use as a context
    manager. `not_deleted` holds errors by letter id.
    """

    def __init__(
        self, queue: DeadLetterQueue, sent_before: float, is_stopped: Callable[[], bool] = lambda: False
    ) -> None:
        self.arrived_during_scan = 0
        self.not_deleted: dict[str, str] = {}
        self._queue = queue
        self._sent_before = sent_before
        self._is_stopped = is_stopped
        self._receipts_by_id: dict[str, str] = {}
        self._deleted: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        if self.not_deleted:
            self._delete(list(self.not_deleted))
        self._queue.release([receipt for id_, receipt in self._receipts_by_id.items() if id_ not in self._deleted])

    def __iter__(self) -> Iterator[list[ReceivedMessage]]:
        """Yield batches until the queue is empty; a batch is empty if all its letters were seen before."""
        while not self._is_stopped() and (received := self._queue.receive()):
            new = [letter for letter in received if letter.id not in self._receipts_by_id]
            # A letter is received again when its visibility timeout ends. Only its latest receipt can delete it.
            self._receipts_by_id.update((letter.id, letter.receipt) for letter in received)
            returned = [letter.id for letter in received if letter.id in self._deleted]
            if returned:
                self._delete(returned)
            # A redriven letter that fails at once comes back as a new one. Redriving it again could go on forever.
            self.arrived_during_scan += sum(letter.sent >= self._sent_before for letter in new)
            yield [letter for letter in new if letter.sent < self._sent_before]

    def delete(self, letters: Sequence[ReceivedMessage]) -> None:
        """Delete letters; retries a failure when the letter is received again, and at the end of the scan."""
        self._deleted.update(letter.id for letter in letters)
        self._delete([letter.id for letter in letters])

    def _delete(self, ids: Sequence[str]) -> None:
        errors_by_id = self._queue.delete({id_: self._receipts_by_id[id_] for id_ in ids})
        for id_ in ids:
            self.not_deleted.pop(id_, None)
        self.not_deleted.update(errors_by_id)
