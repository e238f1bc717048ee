"""Send dead letters to the queue again, and delete each one after the queue has accepted all its messages."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from purgemap.delivery import Queue, QueueMessage, ReceivedMessage
from purgemap.errors import PurgemapError
from purgemap.operations.dead_letter_scan import DeadLetterScan
from purgemap.operations.dead_letters import DeadLetter, DeadLetterSource, classify_dead_letter

# SendMessageBatch may fail for single messages for a moment. A retry here saves a letter from being half sent.
_ATTEMPTS = 3

# A queue that was deleted rejects every letter. After this many in a row the redrive stops.
_MAX_CONSECUTIVE_FAILURES = 30

_NO_PAYLOAD = "it holds no requestPayload, so there is nothing to send: look into it, then delete it by hand"


class RedriveFailure(NamedTuple):
    """A selected letter that is still in the dead-letter queue, and its error."""

    id: str
    kind: DeadLetterSource
    reason: str
    error: str


class RedriveFilter(NamedTuple):
    """The letters to send, the time at which their jobs begin, and a callback with the number of letters read."""

    is_selected: Callable[[DeadLetter], bool]
    now: float
    on_read: Callable[[int], None] = lambda _count: None

    def select(self, messages: Sequence[ReceivedMessage]) -> list[DeadLetter]:
        """Classify messages and return those to send."""
        self.on_read(len(messages))
        letters = (classify_dead_letter(message, self.now) for message in messages)
        return [letter for letter in letters if self.is_selected(letter)]


@dataclass(slots=True)
class RedriveResult:
    """The result of a redrive: sent letters by kind and reason, messages sent, and failures.

    `skipped` counts letters that the filter left out. `not_deleted` holds errors by the ids of letters that were sent
    and are still there, so that the next redrive sends them again. `stopped_reason` is "" after a complete scan.
    """

    counts: Counter[tuple[DeadLetterSource, str]] = field(default_factory=Counter)
    messages: int = 0
    skipped: int = 0
    arrived_during_scan: int = 0
    failures: list[RedriveFailure] = field(default_factory=list)
    not_deleted: Mapping[str, str] = field(default_factory=dict)
    stopped_reason: str = ""

    @property
    def letters(self) -> int:
        """The number of letters that were sent, or would be."""
        return self.counts.total()

    def add(self, received: int, selected: Sequence[DeadLetter], errors_by_id: Mapping[str, str]) -> None:
        """Count the selected letters without an error, and add a failure for each of the others."""
        self.skipped += received - len(selected)
        for letter in selected:
            error = errors_by_id.get(letter.message.id)
            if error is not None:
                self.failures.append(RedriveFailure(letter.message.id, letter.kind, letter.reason, error))
            else:
                self.counts[letter.kind, letter.reason] += 1
                self.messages += len(letter.redrive_bodies)


def redrive_letters(scan: DeadLetterScan, queue: Queue, letter_filter: RedriveFilter) -> RedriveResult:
    """Send the selected letters and delete them; the others, and failed ones, stay."""
    result, consecutive_failures = RedriveResult(), 0
    try:
        with scan:
            for messages in scan:
                selected = letter_filter.select(messages)
                errors_by_id = _send(selected, queue)
                sent = [letter.message for letter in selected if letter.message.id not in errors_by_id]
                scan.delete(sent)
                result.add(len(messages), selected, errors_by_id)
                consecutive_failures = 0 if sent else consecutive_failures + len(selected)
                if consecutive_failures >= _MAX_CONSECUTIVE_FAILURES:
                    result.stopped_reason = f"{consecutive_failures} letters in a row failed, so the rest was not tried"
                    break
    except PurgemapError as error:
        result.stopped_reason = str(error)
    result.arrived_during_scan = scan.arrived_during_scan
    result.not_deleted = scan.not_deleted
    return result


def preview_redrive(scan: DeadLetterScan, letter_filter: RedriveFilter) -> RedriveResult:
    """Return what `redrive_letters` would do, without sending or deleting."""
    result = RedriveResult()
    with scan:
        for messages in scan:
            selected = letter_filter.select(messages)
            result.add(len(messages), selected, _empty_letter_errors(selected))
    result.arrived_during_scan = scan.arrived_during_scan
    return result


def _send(letters: Sequence[DeadLetter], queue: Queue) -> dict[str, str]:
    """Send the messages of letters; returns the errors, by id, of letters that were not sent completely."""
    unsent = [(letter.message.id, QueueMessage(body)) for letter in letters for body in letter.redrive_bodies]
    errors: list[str] = []
    for _ in range(_ATTEMPTS):
        results = queue.send([message for _, message in unsent]) if unsent else []
        unsent = [pair for pair, error in zip(unsent, results, strict=True) if error]
        errors = [error for error in results if error]
    failures = zip(unsent, errors, strict=True)
    return {**_empty_letter_errors(letters), **{id_: f"the queue: {error}" for (id_, _), error in failures}}


def _empty_letter_errors(letters: Iterable[DeadLetter]) -> dict[str, str]:
    return {letter.message.id: _NO_PAYLOAD for letter in letters if not letter.redrive_bodies}
