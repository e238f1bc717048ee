"""Dead letters are sent again: first from queues in memory, then the whole way over real queues."""

import itertools
import json
import os
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import purgemap.aws.monitoring.sqs_dead_letters
from purgemap.cli.redrive import redrive as redrive_command
from purgemap.delivery import ReceivedMessage
from purgemap.delivery.queueing import QueueMessage
from purgemap.demo.local_aws import LocalAws
from purgemap.demo.sqs_poller import EventSource
from purgemap.errors import PurgemapError
from purgemap.lambda_function import build_handler
from purgemap.operations.dead_letter_scan import DeadLetterScan
from purgemap.operations.redrive import RedriveFilter, RedriveResult, preview_redrive, redrive_letters
from support.dead_letters import letter, rejected
from support.doubles.memory import MemoryQueue
from support.ids import E1, E2, NOW
from support.local_site import BUCKET
from support.payloads import s3_event

pytest_plugins = ["support.local_aws_fixtures"]

MAP = f"""
version: 1
distributions:
  docs: {{id: {E2}}}
routes:
  - {{bucket: site, distributions: [{E1}]}}
  - {{bucket: site, prefix: docs/, distributions: [docs]}}
  - {{bucket: {BUCKET}, distributions: [{E1}]}}
  - {{bucket: {BUCKET}, prefix: docs/, distributions: [docs]}}
"""


@dataclass
class MemoryInbox:
    """A dead-letter queue that forgets whom it hid letters from whenever it is told to, and may refuse to delete."""

    letters: list[ReceivedMessage]
    undeletable: set[str] = field(default_factory=set)
    hidden: set[str] = field(default_factory=set)
    released: list[str] = field(default_factory=list)
    before_receive: Callable[[], None] = lambda: None

    def receive(self) -> list[ReceivedMessage]:
        self.before_receive()
        received = [each for each in self.letters if each.id not in self.hidden][:10]
        self.hidden.update(each.id for each in received)
        return received

    def delete(self, receipts_by_id: Mapping[str, str]) -> dict[str, str]:
        gone = {id_ for id_ in receipts_by_id if id_ not in self.undeletable}
        self.letters = [each for each in self.letters if each.id not in gone]
        return {id_: "InternalError" for id_ in receipts_by_id if id_ not in gone}

    def release(self, receipts: Sequence[str]) -> None:
        self.released += receipts


def selection(wanted: Callable[[str], bool] = lambda _body: True) -> RedriveFilter:
    return RedriveFilter(lambda dead: wanted(dead.letter.body), NOW)


def run(inbox: MemoryInbox, queue: Any, wanted: Callable[[str], bool] = lambda _body: True) -> RedriveResult:
    return redrive_letters(DeadLetterScan(inbox, until=NOW), queue, selection(wanted))


class PickyQueue(MemoryQueue):
    """Refuses a body as often as it is told to."""

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


def test_a_letter_is_deleted_only_after_the_queue_took_its_place() -> None:
    inbox, queue = MemoryInbox([letter("a", "m-1"), letter("b", "m-2")]), PickyQueue({"a": 99})
    redriven = run(inbox, queue)
    assert [each.id for each in inbox.letters] == ["m-1"]
    assert [(each.id, each.error) for each in redriven.failures] == [("m-1", "the queue: ServiceUnavailable")]
    assert [message.body for message in queue.messages] == ["b"]
    assert inbox.released == ["receipt of m-1"]


def test_what_the_queue_refuses_for_a_moment_is_tried_again_and_goes_once() -> None:
    envelope = {"requestContext": {"condition": "RetriesExhausted"}, "requestPayload": [1, 2, 3]}
    inbox, queue = MemoryInbox([letter(envelope)]), PickyQueue({"2": 2})
    assert run(inbox, queue).failures == []
    assert [message.body for message in queue.messages] == ["1", "3", "2"]
    assert inbox.letters == []


def test_a_letter_of_which_one_part_failed_stays() -> None:
    envelope = {"requestContext": {"condition": "RetriesExhausted"}, "requestPayload": [1, 2, 3]}
    inbox = MemoryInbox([letter(envelope)])
    assert len(run(inbox, PickyQueue({"2": 99})).failures) == 1
    assert len(inbox.letters) == 1


def test_a_record_that_holds_no_event_stays_and_is_named() -> None:
    inbox = MemoryInbox([letter({"requestContext": {"condition": "RetriesExhausted"}})])
    (failure,) = run(inbox, MemoryQueue()).failures
    assert "no requestPayload" in failure.error
    assert len(inbox.letters) == 1


def test_letters_that_are_not_meant_stay_and_are_shown_again() -> None:
    inbox, queue = MemoryInbox([letter(str(n), f"m-{n}") for n in range(25)]), MemoryQueue()
    redriven = run(inbox, queue, lambda body: int(body) % 5 == 0)
    assert (redriven.letters, redriven.left) == (5, 20)
    assert len(inbox.letters) == len(inbox.released) == 20


def test_what_comes_back_during_the_run_is_not_sent_again() -> None:
    inbox, queue = MemoryInbox([letter(str(n), f"m-{n}") for n in range(15)]), MemoryQueue()

    def fail_again() -> None:
        """The function rejects what was redriven so far: new letters, sent since the run began."""
        back = [letter(each.body, f"new-{each.body}", sent=NOW + 1) for each in queue.messages]
        inbox.letters += [each for each in back if each not in inbox.letters]

    inbox.before_receive = fail_again
    redriven = run(inbox, queue)
    assert (redriven.letters, redriven.newer, len(queue.messages)) == (15, 15, 15)
    assert len(inbox.letters) == len(inbox.released) == 15


def test_a_letter_whose_hiding_ends_during_the_run_is_not_sent_a_second_time() -> None:
    inbox = MemoryInbox([letter(str(n), f"m-{n}") for n in range(12)], undeletable={"m-3"})
    calls = itertools.count()

    def end_hiding() -> None:
        if next(calls) == 2:
            inbox.hidden.clear()

    inbox.before_receive = end_hiding
    queue = MemoryQueue()
    redriven = run(inbox, queue)
    assert len(queue.messages) == 12
    assert redriven.undeleted == {"m-3": "InternalError"}
    assert inbox.released == []


def test_a_queue_that_takes_nothing_ends_the_run() -> None:
    inbox = MemoryInbox([letter(str(n), f"m-{n}") for n in range(500)])
    redriven = run(inbox, MemoryQueue("QueueDoesNotExist"))
    assert len(redriven.failures) == 30
    assert "in a row" in redriven.trouble
    assert len(inbox.letters) == 500


def test_a_dead_letter_queue_that_fails_midway_ends_the_run_and_tells_what_went() -> None:
    inbox = MemoryInbox([letter(str(n), f"m-{n}") for n in range(15)])
    calls = iter(range(2))

    def fail() -> None:
        if next(calls):
            raise PurgemapError("AccessDenied")

    inbox.before_receive = fail
    redriven = run(inbox, MemoryQueue())
    assert (redriven.letters, redriven.trouble) == (10, "AccessDenied")


def test_a_wish_to_stop_is_heard_between_batches_and_leaves_nothing_half_done() -> None:
    inbox, queue = MemoryInbox([letter(str(n), f"m-{n}") for n in range(25)]), MemoryQueue()
    redriven = redrive_letters(DeadLetterScan(inbox, NOW, lambda: bool(queue.messages)), queue, selection())
    assert redriven.letters == len(queue.messages) == 10
    assert len(inbox.letters) == 15


def test_a_survey_counts_what_would_go_and_changes_nothing() -> None:
    inbox = MemoryInbox([letter(rejected(), "m-1"), letter("b", "m-2")])
    redriven = preview_redrive(DeadLetterScan(inbox, NOW), selection())
    assert (redriven.letters, redriven.messages) == (2, 2)
    assert len(inbox.letters) == len(inbox.released) == 2


@dataclass
class Station:
    """The service on the embedded AWS: its queues, its function, and the command in front of them."""

    aws: LocalAws
    queue: str
    dead_letters: str
    map_file: Path

    @property
    def environment(self) -> dict[str, str]:
        return {
            **self.aws.environment,
            "PURGEMAP_ROUTES": str(self.map_file),
            "PURGEMAP_QUEUE_URL": self.queue,
            "PURGEMAP_DEAD_LETTER_QUEUE_URL": self.dead_letters,
        }

    def function(self) -> EventSource:
        handler = build_handler(self.environment)
        return EventSource(
            self.aws.client("sqs"), self.queue, self.aws.queue_arn(self.queue), handler, window_seconds=0.2
        )

    def command(self, *options: str) -> Result:
        arguments = [*options, "--routes", str(self.map_file)]
        return CliRunner().invoke(redrive_command, arguments, env=self.environment, standalone_mode=False)

    def bury(self, *bodies: Any, attributes: Mapping[str, str] | None = None) -> None:
        named = {name: {"StringValue": text, "DataType": "String"} for name, text in (attributes or {}).items()}
        for body in bodies:
            text = body if isinstance(body, str) else json.dumps(body)
            self.aws.client("sqs").send_message(QueueUrl=self.dead_letters, MessageBody=text, MessageAttributes=named)

    def held(self, url: str) -> int:
        attributes = self.aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        return sum(int(count) for name, count in attributes.items() if name.startswith("ApproximateNumberOf"))


@pytest.fixture
def station(aws: LocalAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Station:
    monkeypatch.setattr(
        purgemap.aws.monitoring.sqs_dead_letters, "_WAIT_SECONDS", 0
    )  # one server holds this queue, so a short poll asks it
    aws.create_site_bucket(BUCKET)
    map_file = tmp_path / "routes.yaml"
    map_file.write_text(MAP)
    return Station(aws, *aws.create_queues(BUCKET), map_file)


def test_a_rejected_job_goes_again_once_its_distribution_exists_and_is_accepted(station: Station) -> None:
    function = station.function()
    station.aws.client("s3").put_object(Bucket=BUCKET, Key="a b+c.html", Body=b"x")
    function.poll()
    assert (station.held(station.queue), station.held(station.dead_letters)) == (0, 1)

    station.aws.create_distribution(E1)
    told = station.command("--json")
    assert told.return_value == 0
    document = json.loads(told.stdout)
    assert (document["redriven"], document["messages"], document["failed"]) == (1, 1, [])
    assert [(each["kind"], "NoSuchDistribution" in each["reason"]) for each in document["reasons"]] == [
        ("rejected", True)
    ]

    function.poll()
    assert station.aws.accepted_items() == {E1: [["/a%20b%2Bc.html", "/a%20b+c.html", "/a+b%2Bc.html", "/a+b+c.html"]]}
    assert (station.held(station.queue), station.held(station.dead_letters)) == (0, 0)


def test_what_is_not_repaired_yet_is_rejected_once_more_and_not_lost(station: Station) -> None:
    function = station.function()
    station.bury(rejected())
    assert station.command().return_value == 0
    function.poll()
    assert station.held(station.dead_letters) == 1
    station.aws.create_distribution(E1)
    assert station.command().return_value == 0
    function.poll()
    assert station.aws.accepted_items() == {E1: [["/a.html"]]}


def test_every_kind_of_dead_letter_reaches_cloudfront_by_way_of_the_queue(station: Station) -> None:
    for distribution in (E1, E2):
        station.aws.create_distribution(distribution)
    station.bury(s3_event("site", "rule.html"), attributes={"RULE_ARN": "arn:…", "ERROR_CODE": "NO_PERMISSIONS"})
    station.bury(rejected(E1, "/job.html"), s3_event("site", "queue.html"))
    events = [s3_event("site", "one.html"), s3_event("site", "docs/two.html")]
    station.bury({"requestContext": {"condition": "RetriesExhausted"}, "requestPayload": events})
    told = json.loads(station.command("--json").stdout)
    assert (told["redriven"], told["messages"]) == (4, 5)
    assert {each["kind"] for each in told["reasons"]} == {"rule", "rejected", "queue", "function"}
    station.function().poll()
    pages = ["/docs/two.html", "/job.html", "/one.html", "/queue.html", "/rule.html"]
    assert station.aws.accepted_items() == {E1: [pages], E2: [["/docs/two.html"]]}


def test_what_sqs_itself_gave_up_goes_again(station: Station) -> None:
    function = station.function()
    sqs = station.aws.client("sqs")
    sqs.set_queue_attributes(QueueUrl=station.queue, Attributes={"VisibilityTimeout": "0"})
    sqs.send_message(QueueUrl=station.queue, MessageBody="{broken")
    function.window_seconds = 0
    while function.poll():
        pass
    assert (station.held(station.queue), station.held(station.dead_letters)) == (0, 1)
    told = json.loads(station.command("--json").stdout)
    assert [each["reason"].startswith("unreadable: the body is not JSON") for each in told["reasons"]] == [True]
    assert (station.held(station.queue), station.held(station.dead_letters)) == (1, 0)


@pytest.mark.parametrize("named", ["docs", E2])
def test_a_distribution_is_named_by_its_id_or_its_name_in_the_map(station: Station, named: str) -> None:
    station.bury(rejected(E1), rejected(E2), s3_event("site", "top.html"), s3_event("site", "docs/x"), "{broken")
    told = json.loads(station.command("--distribution", named, "--json").stdout)
    assert (told["redriven"], told["left"]) == (2, 3)
    left = station.aws.client("sqs").receive_message(QueueUrl=station.dead_letters, MaxNumberOfMessages=10)
    assert len(left["Messages"]) == 3


def test_a_distribution_that_the_map_has_no_more_is_named_by_its_id(station: Station) -> None:
    station.bury(rejected("E9GONE9GONE9AB"), rejected("tenant:dt_1"), rejected(E1))
    options = ["--distribution", "E9GONE9GONE9AB", "--distribution", "tenant:dt_1"]
    assert json.loads(station.command(*options, "--json").stdout)["redriven"] == 2


def test_a_name_that_the_map_does_not_have_is_refused_before_anything_is_read(station: Station) -> None:
    assert "the map has no such name" in str(station.command("--distribution", "dox").exception)


def test_thousands_go_and_none_twice(station: Station) -> None:
    sqs = station.aws.client("sqs")
    for first in range(0, 2_000, 10):
        entries = [{"Id": str(n), "MessageBody": json.dumps(s3_event("site", f"{first + n}"))} for n in range(10)]
        sqs.send_message_batch(QueueUrl=station.dead_letters, Entries=entries)
    assert json.loads(station.command("--json").stdout)["redriven"] == 2_000
    assert (station.held(station.queue), station.held(station.dead_letters)) == (2_000, 0)


def test_a_dry_run_tells_and_leaves_every_letter_visible(station: Station) -> None:
    station.bury(rejected(), s3_event("site", "a"))
    told = station.command("--dry-run")
    assert "2 dead letters would go to the queue as 2 messages" in told.stdout
    assert station.held(station.queue) == 0
    left = station.aws.client("sqs").receive_message(QueueUrl=station.dead_letters, MaxNumberOfMessages=10)
    assert len(left["Messages"]) == 2


def test_a_queue_that_is_gone_loses_nothing_and_names_each_letter(station: Station) -> None:
    station.bury(rejected(E1), rejected(E2))
    station.aws.client("sqs").delete_queue(QueueUrl=station.queue)
    told = station.command()
    assert told.return_value == 1
    assert told.stderr.count("failed") == 2
    assert station.held(station.dead_letters) == 2


def test_a_first_ctrl_c_ends_the_run_after_the_letters_at_hand(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    station.bury(*(rejected(E1, f"/{n}") for n in range(30)))

    def interrupted(self: DeadLetterScan) -> Iterator[list[ReceivedMessage]]:
        for letters in walk(self):
            os.kill(os.getpid(), signal.SIGINT)
            yield letters

    walk = DeadLetterScan.__iter__
    monkeypatch.setattr(DeadLetterScan, "__iter__", interrupted)
    assert station.command().return_value == 130
    assert (station.held(station.queue), station.held(station.dead_letters)) == (10, 20)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"PURGEMAP_QUEUE_URL": "", "PURGEMAP_DEAD_LETTER_QUEUE_URL": "http://127.0.0.1/1/d"}, "--queue-url"),
        ({"PURGEMAP_QUEUE_URL": "http://127.0.0.1/1/q", "PURGEMAP_DEAD_LETTER_QUEUE_URL": ""}, "--dead-letter-queue"),
        (
            {"PURGEMAP_QUEUE_URL": "http://127.0.0.1/1/q", "PURGEMAP_DEAD_LETTER_QUEUE_URL": "http://127.0.0.1/1/q"},
            "as the queue and as its dead-letter queue",
        ),
    ],
)
def test_both_queues_must_be_named_and_differ(environment: dict[str, str], told: str) -> None:
    result = CliRunner().invoke(redrive_command, [], env=environment, standalone_mode=False)
    assert told in str(result.exception)
