"""Dead letters → the queue again: a letter is deleted once the queue has taken everything that goes in its place."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from purgemap.delivery import Queue, QueueMessage, ReceivedMessage
from purgemap.errors import PurgemapError
from purgemap.operations.dead_letter_scan import DeadLetterScan
from purgemap.operations.dead_letters import DeadLetter, DeadLetterSource, classify_dead_letter

# SendMessageBatch may refuse single messages for a moment; what goes on a second try leaves nothing half done.
_TRIES = 3

# A queue that is gone refuses every letter there is: this many in a row, and the rest is not tried.
_REFUSED_IN_A_ROW = 30

_NOTHING_INSIDE = "it holds no requestPayload, so there is nothing to send: look into it, then delete it by hand"


class Failure(NamedTuple):
    """A letter that was to go and is still in the dead-letter queue, and why."""

    id: str
    kind: DeadLetterSource
    reason: str
    error: str


class RedriveFilter(NamedTuple):
    """Which letters are meant, when a job that goes again begins, and who hears how many letters were looked at."""

    is_wanted: Callable[[DeadLetter], bool]
    now: float
    advance: Callable[[int], None] = lambda _letters: None

    def read(self, letters: Sequence[ReceivedMessage]) -> list[DeadLetter]:
        """Read letters and return those that are meant."""
        self.advance(len(letters))
        return [each for each in (classify_dead_letter(letter, self.now) for letter in letters) if self.is_wanted(each)]


@dataclass(slots=True)
class RedriveResult:
    """What became of letters: those that went, by kind and reason, and the messages sent for them; the others.

    `left` were not meant, `newer` came after the start; `undeleted` went and are still there, why by their ids: they
    would go twice. `trouble` is what ended the run early.
    """

    counts: Counter[tuple[DeadLetterSource, str]] = field(default_factory=Counter)
    messages: int = 0
    left: int = 0
    newer: int = 0
    failures: list[Failure] = field(default_factory=list)
    undeleted: Mapping[str, str] = field(default_factory=dict)
    trouble: str = ""

    @property
    def letters(self) -> int:
        """How many letters went, or would go."""
        return self.counts.total()

    def add(self, dead_letters: Iterable[DeadLetter], errors_by_id: Mapping[str, str]) -> None:
        """Count letters that went, and note those that failed: where there is an error for them."""
        for each in dead_letters:
            if each.letter.id in errors_by_id:
                self.failures.append(Failure(each.letter.id, each.kind, each.reason, errors_by_id[each.letter.id]))
            else:
                self.counts[each.kind, each.reason] += 1
                self.messages += len(each.bodies)


def redrive_letters(sweep: DeadLetterScan, queue: Queue, selection: RedriveFilter) -> RedriveResult:
    """Send the letters that are meant again and delete them; the others, and those that fail, stay."""
    redriven, refused_in_a_row = RedriveResult(), 0
    try:
        with sweep:
            for letters in sweep:
                wanted = selection.read(letters)
                errors_by_id = _send(wanted, queue)
                sent = [each.letter for each in wanted if each.letter.id not in errors_by_id]
                sweep.delete(sent)
                redriven.left += len(letters) - len(wanted)
                redriven.add(wanted, errors_by_id)
                refused_in_a_row = 0 if sent else refused_in_a_row + len(wanted)
                if refused_in_a_row >= _REFUSED_IN_A_ROW:
                    redriven.trouble = f"{refused_in_a_row} letters in a row failed, so the rest was not tried"
                    break
    except PurgemapError as error:
        redriven.trouble = str(error)
    redriven.newer = sweep.newer
    redriven.undeleted = sweep.undeleted
    return redriven


def preview_redrive(sweep: DeadLetterScan, selection: RedriveFilter) -> RedriveResult:
    """Tell what `redrive` would do, and leave every letter where it is."""
    redriven = RedriveResult()
    with sweep:
        for letters in sweep:
            wanted = selection.read(letters)
            redriven.left += len(letters) - len(wanted)
            redriven.add(wanted, _empty(wanted))
    redriven.newer = sweep.newer
    return redriven


def _send(dead_letters: Sequence[DeadLetter], queue: Queue) -> dict[str, str]:
    """Send what goes in the letters' places; returns why not, by id, for letters of which not everything went."""
    unsent = [(each.letter.id, QueueMessage(body)) for each in dead_letters for body in each.bodies]
    reasons: list[str] = []
    for _ in range(_TRIES):
        answers = queue.send([message for _, message in unsent]) if unsent else []
        unsent = [pair for pair, reason in zip(unsent, answers, strict=True) if reason]
        reasons = [reason for reason in answers if reason]
    refused = zip(unsent, reasons, strict=True)
    return {**_empty(dead_letters), **{id_: f"the queue: {reason}" for (id_, _), reason in refused}}


def _empty(dead_letters: Iterable[DeadLetter]) -> dict[str, str]:
    return {each.letter.id: _NOTHING_INSIDE for each in dead_letters if not each.bodies}
