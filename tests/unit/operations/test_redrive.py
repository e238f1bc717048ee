"""Redrive over queues in memory: what is sent, deleted, kept and counted."""

import itertools
from collections.abc import Callable, Sequence
from typing import Any

from purgemap.delivery.queueing import QueueMessage
from purgemap.errors import PurgemapError
from purgemap.operations.dead_letter_scan import DeadLetterScan
from purgemap.operations.redrive import RedriveFilter, RedriveResult, preview_redrive, redrive_letters
from support.dead_letters import MemoryDeadLetterQueue, letter, rejected
from support.doubles.memory import MemoryQueue
from support.ids import NOW

ENVELOPE = {"requestContext": {"condition": "RetriesExhausted"}, "requestPayload": [1, 2, 3]}


def build_filter(is_selected: Callable[[str], bool] = lambda _body: True) -> RedriveFilter:
    return RedriveFilter(lambda dead_letter: is_selected(dead_letter.message.body), NOW)


def run(
    dead_letters: MemoryDeadLetterQueue, queue: Any, is_selected: Callable[[str], bool] = lambda _body: True
) -> RedriveResult:
    return redrive_letters(DeadLetterScan(dead_letters, sent_before=NOW), queue, build_filter(is_selected))


def numbered_letters(count: int) -> list[Any]:
    return [letter(str(n), f"m-{n}") for n in range(count)]


class FlakyQueue(MemoryQueue):
    """Fails for a body as often as a test says."""

    def __init__(self, failed_attempts: dict[str, int]) -> None:
        super().__init__()
        self.failed_attempts = failed_attempts

    def send(self, messages: Sequence[QueueMessage]) -> list[str]:
        return [self._send(message) for message in messages]

    def _send(self, message: QueueMessage) -> str:
        if self.failed_attempts.get(message.body, 0):
            self.failed_attempts[message.body] -= 1
            return "ServiceUnavailable"
        self.messages.append(message)
        return ""


def test_redrive_deletes_letter_only_after_queue_accepted_it() -> None:
    dead_letters, queue = MemoryDeadLetterQueue([letter("a", "m-1"), letter("b", "m-2")]), FlakyQueue({"a": 99})
    result = run(dead_letters, queue)
    assert [each.id for each in dead_letters.letters] == ["m-1"]
    assert [(each.id, each.error) for each in result.failures] == [("m-1", "the queue: ServiceUnavailable")]
    assert [message.body for message in queue.messages] == ["b"]
    assert dead_letters.released == ["receipt of m-1"]


def test_redrive_retries_messages_that_fail_for_a_moment() -> None:
    dead_letters, queue = MemoryDeadLetterQueue([letter(ENVELOPE)]), FlakyQueue({"2": 2})
    assert run(dead_letters, queue).failures == []
    assert [message.body for message in queue.messages] == ["1", "3", "2"]
    assert dead_letters.letters == []


def test_redrive_keeps_letter_of_which_one_message_failed() -> None:
    dead_letters = MemoryDeadLetterQueue([letter(ENVELOPE)])
    assert len(run(dead_letters, FlakyQueue({"2": 99})).failures) == 1
    assert len(dead_letters.letters) == 1


def test_redrive_keeps_and_names_record_without_payload() -> None:
    dead_letters = MemoryDeadLetterQueue([letter({"requestContext": {"condition": "RetriesExhausted"}})])
    (failure,) = run(dead_letters, MemoryQueue()).failures
    assert "no requestPayload" in failure.error
    assert len(dead_letters.letters) == 1


def test_redrive_keeps_and_releases_letters_outside_filter() -> None:
    dead_letters, queue = MemoryDeadLetterQueue(numbered_letters(25)), MemoryQueue()
    result = run(dead_letters, queue, lambda body: int(body) % 5 == 0)
    assert (result.letters, result.skipped) == (5, 20)
    assert len(dead_letters.letters) == len(dead_letters.released) == 20


def test_redrive_does_not_send_letters_that_come_back() -> None:
    dead_letters, queue = MemoryDeadLetterQueue(numbered_letters(15)), MemoryQueue()

    def fail_again() -> None:
        """Reject what was redriven before, as new letters that were sent since the run began."""
        returned = [letter(each.body, f"new-{each.body}", sent=NOW + 1) for each in queue.messages]
        dead_letters.letters += [each for each in returned if each not in dead_letters.letters]

    dead_letters.before_receive = fail_again
    result = run(dead_letters, queue)
    assert (result.letters, result.arrived_during_scan, len(queue.messages)) == (15, 15, 15)
    assert len(dead_letters.letters) == len(dead_letters.released) == 15


def test_redrive_sends_letter_once_that_becomes_visible_again() -> None:
    dead_letters = MemoryDeadLetterQueue(numbered_letters(12), undeletable={"m-3"})
    calls = itertools.count()

    def end_visibility_timeout() -> None:
        if next(calls) == 2:
            dead_letters.hidden.clear()

    dead_letters.before_receive = end_visibility_timeout
    queue = MemoryQueue()
    result = run(dead_letters, queue)
    assert len(queue.messages) == 12
    assert result.not_deleted == {"m-3": "InternalError"}
    assert dead_letters.released == []


def test_redrive_stops_if_queue_accepts_nothing() -> None:
    dead_letters = MemoryDeadLetterQueue(numbered_letters(500))
    result = run(dead_letters, MemoryQueue("QueueDoesNotExist"))
    assert len(result.failures) == 30
    assert "in a row" in result.stopped_reason
    assert len(dead_letters.letters) == 500


def test_redrive_counts_sent_letters_if_dead_letter_queue_fails() -> None:
    dead_letters = MemoryDeadLetterQueue(numbered_letters(15))
    calls = iter(range(2))

    def fail_second_call() -> None:
        if next(calls):
            raise PurgemapError("AccessDenied")

    dead_letters.before_receive = fail_second_call
    result = run(dead_letters, MemoryQueue())
    assert (result.letters, result.stopped_reason) == (10, "AccessDenied")


def test_redrive_stops_between_batches() -> None:
    dead_letters, queue = MemoryDeadLetterQueue(numbered_letters(25)), MemoryQueue()
    result = redrive_letters(DeadLetterScan(dead_letters, NOW, lambda: bool(queue.messages)), queue, build_filter())
    assert result.letters == len(queue.messages) == 10
    assert len(dead_letters.letters) == 15


def test_preview_redrive_counts_letters_and_changes_nothing() -> None:
    dead_letters = MemoryDeadLetterQueue([letter(rejected(), "m-1"), letter("b", "m-2")])
    result = preview_redrive(DeadLetterScan(dead_letters, NOW), build_filter())
    assert (result.letters, result.messages) == (2, 2)
    assert len(dead_letters.letters) == len(dead_letters.released) == 2
