"""A dead-letter queue → each of its letters once, in batches."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Protocol, Self

from purgemap.delivery import ReceivedMessage


class DeadLetterQueue(Protocol):
    """The calls that are made to a dead-letter queue."""

    def receive(self) -> list[ReceivedMessage]:
        """Receive some letters and hide them from others for a while; [] if there are none. Raises PurgemapError."""

    def delete(self, receipts_by_id: Mapping[str, str]) -> dict[str, str]:
        """Delete letters; returns why not, by id, for those that are still there. Never raises."""

    def release(self, receipts: Sequence[str]) -> None:
        """Show letters again to who reads the queue next. Never raises: in the end they come back by themselves."""


class DeadLetterScan:
    """A walk through a dead-letter queue; whatever it did not delete is visible again at its end.

    A letter that was sent at `until` or later (seconds since the epoch) is only counted: what is redriven and comes
    back at once must not be redriven again and again. Use as a context manager.
    """

    def __init__(self, inbox: DeadLetterQueue, until: float, is_stopped: Callable[[], bool] = lambda: False) -> None:
        self.newer = 0
        self.undeleted: dict[str, str] = {}
        self._inbox = inbox
        self._until = until
        self._is_stopped = is_stopped
        self._receipts_by_id: dict[str, str] = {}
        self._deleted: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.undeleted:
            self._delete(list(self.undeleted))
        self._inbox.release([receipt for id_, receipt in self._receipts_by_id.items() if id_ not in self._deleted])

    def __iter__(self) -> Iterator[list[ReceivedMessage]]:
        """Yield letters until the queue gives nothing more; a batch whose letters were all seen before is empty."""
        while not self._is_stopped() and (received := self._inbox.receive()):
            new = [letter for letter in received if letter.id not in self._receipts_by_id]
            # A letter comes again when the time for which it was hidden is over; only its latest receipt counts.
            self._receipts_by_id.update((letter.id, letter.receipt) for letter in received)
            again = [letter.id for letter in received if letter.id in self._deleted]
            if again:
                self._delete(again)
            self.newer += sum(letter.sent >= self._until for letter in new)
            yield [letter for letter in new if letter.sent < self._until]

    def delete(self, letters: Sequence[ReceivedMessage]) -> None:
        """Delete letters; what fails is tried again when the letter comes back and at the end, then `undeleted`."""
        self._deleted.update(letter.id for letter in letters)
        self._delete([letter.id for letter in letters])

    def _delete(self, ids: Sequence[str]) -> None:
        failed = self._inbox.delete({id_: self._receipts_by_id[id_] for id_ in ids})
        for id_ in ids:
            self.undeleted.pop(id_, None)
        self.undeleted.update(failed)
