"""`purgemap redrive` over real queues, from a dead letter to the invalidation."""

import json
import os
import signal
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from moto.sqs.models import SQSBackend

from purgemap.cli.redrive import redrive
from purgemap.demo.local_aws import LocalAws
from support.commands import invoke
from support.dead_letters import rejected
from support.harness import ServiceHarness, build_service
from support.ids import E1, E2
from support.local_site import BUCKET, accepted_items
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


@pytest.fixture
def service(aws: LocalAws, tmp_path: Path) -> ServiceHarness:
    return build_service(aws, tmp_path, MAP)


def message_counts(service: ServiceHarness) -> tuple[int, int]:
    """Count the messages of the queue and of the dead-letter queue."""
    return service.message_count(service.queue), service.message_count(service.dead_letters)


def test_redrive_delivers_job_once_its_distribution_exists(service: ServiceHarness) -> None:
    function = service.function()
    service.aws.client("s3").put_object(Bucket=BUCKET, Key="a b+c.html", Body=b"x")
    function.poll()
    assert message_counts(service) == (0, 1)

    service.aws.create_distribution(E1)
    result = service.run(redrive, "--json")
    assert result.return_value == 0
    document = json.loads(result.stdout)
    assert (document["redriven"], document["messages"], document["failed"]) == (1, 1, [])
    assert [(each["kind"], "NoSuchDistribution" in each["reason"]) for each in document["reasons"]] == [
        ("rejected", True)
    ]

    function.poll()
    assert accepted_items(service.aws) == {E1: [["/a%20b%2Bc.html", "/a%20b+c.html", "/a+b%2Bc.html", "/a+b+c.html"]]}
    assert message_counts(service) == (0, 0)


def test_redrive_before_the_repair_loses_nothing(service: ServiceHarness) -> None:
    function = service.function()
    service.send_dead_letters(rejected())
    assert service.run(redrive).return_value == 0
    function.poll()
    assert service.message_count(service.dead_letters) == 1
    service.aws.create_distribution(E1)
    assert service.run(redrive).return_value == 0
    function.poll()
    assert accepted_items(service.aws) == {E1: [["/a.html"]]}


def test_redrive_delivers_every_kind_of_dead_letter(service: ServiceHarness) -> None:
    for distribution in (E1, E2):
        service.aws.create_distribution(distribution)
    attributes = {"RULE_ARN": "arn:…", "ERROR_CODE": "NO_PERMISSIONS"}
    service.send_dead_letters(s3_event("site", "rule.html"), attributes=attributes)
    service.send_dead_letters(rejected(E1, "/job.html"), s3_event("site", "queue.html"))
    events = [s3_event("site", "one.html"), s3_event("site", "docs/two.html")]
    service.send_dead_letters({"requestContext": {"condition": "RetriesExhausted"}, "requestPayload": events})
    document = service.document(redrive)
    assert (document["redriven"], document["messages"]) == (4, 5)
    assert {each["kind"] for each in document["reasons"]} == {"rule", "rejected", "queue", "function"}
    service.function().poll()
    pages = ["/docs/two.html", "/job.html", "/one.html", "/queue.html", "/rule.html"]
    assert accepted_items(service.aws) == {E1: [pages], E2: [["/docs/two.html"]]}


def test_redrive_sends_message_that_sqs_gave_up(service: ServiceHarness) -> None:
    function = service.function()
    sqs = service.aws.client("sqs")
    sqs.set_queue_attributes(QueueUrl=service.queue, Attributes={"VisibilityTimeout": "0"})
    sqs.send_message(QueueUrl=service.queue, MessageBody="{broken")
    function.window_seconds = 0
    while function.poll():
        pass
    assert message_counts(service) == (0, 1)
    document = service.document(redrive)
    assert [each["reason"].startswith("unreadable: the body is not JSON") for each in document["reasons"]] == [True]
    assert message_counts(service) == (1, 0)


@pytest.mark.parametrize("distribution", ["docs", E2])
def test_redrive_selects_distribution_by_id_or_name(service: ServiceHarness, distribution: str) -> None:
    bodies = (rejected(E1), rejected(E2), s3_event("site", "top.html"), s3_event("site", "docs/x"), "{broken")
    service.send_dead_letters(*bodies)
    document = service.document(redrive, "--distribution", distribution)
    assert (document["redriven"], document["left"]) == (2, 3)
    assert len(service.receive(service.dead_letters)) == 3


def test_redrive_selects_removed_distribution_by_id(service: ServiceHarness) -> None:
    service.send_dead_letters(rejected("E9GONE9GONE9AB"), rejected("tenant:dt_1"), rejected(E1))
    options = ["--distribution", "E9GONE9GONE9AB", "--distribution", "tenant:dt_1"]
    assert service.document(redrive, *options)["redriven"] == 2


def test_redrive_rejects_unknown_distribution_name(service: ServiceHarness) -> None:
    assert "the map has no such name" in str(service.run(redrive, "--distribution", "dox").exception)


def test_redrive_sends_thousands_of_letters_once(service: ServiceHarness) -> None:
    sqs = service.aws.client("sqs")
    for start in range(0, 2_000, 10):
        entries = [{"Id": str(n), "MessageBody": json.dumps(s3_event("site", f"{start + n}"))} for n in range(10)]
        sqs.send_message_batch(QueueUrl=service.dead_letters, Entries=entries)
    assert service.document(redrive)["redriven"] == 2_000
    assert message_counts(service) == (2_000, 0)


def test_redrive_dry_run_leaves_every_letter_visible(service: ServiceHarness) -> None:
    service.send_dead_letters(rejected(), s3_event("site", "a"))
    result = service.run(redrive, "--dry-run")
    assert "2 dead letters would be sent as 2 messages; 0 skipped" in result.stdout
    assert service.message_count(service.queue) == 0
    assert len(service.receive(service.dead_letters)) == 2


def test_redrive_to_deleted_queue_keeps_and_names_each_letter(service: ServiceHarness) -> None:
    service.send_dead_letters(rejected(E1), rejected(E2))
    service.aws.client("sqs").delete_queue(QueueUrl=service.queue)
    result = service.run(redrive)
    assert result.return_value == 1
    assert result.stderr.count("failed") == 2
    assert service.message_count(service.dead_letters) == 2


def test_redrive_ends_after_current_letters_on_ctrl_c(service: ServiceHarness) -> None:
    service.send_dead_letters(*(rejected(E1, f"/{n}") for n in range(30)))
    receive_message = SQSBackend.receive_message

    def interrupt(*arguments: Any, **named: Any) -> Any:
        os.kill(os.getpid(), signal.SIGINT)
        return receive_message(*arguments, **named)

    with mock.patch.object(SQSBackend, "receive_message", interrupt):
        assert service.run(redrive).return_value == 130
    assert message_counts(service) == (10, 20)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize(
    ("queue", "dead_letters", "message"),
    [
        ("", "http://127.0.0.1/1/d", "--queue-url"),
        ("http://127.0.0.1/1/q", "", "--dead-letter-queue"),
        ("http://127.0.0.1/1/q", "http://127.0.0.1/1/q", "as the queue and as its dead-letter queue"),
    ],
)
def test_redrive_requires_two_different_queues(queue: str, dead_letters: str, message: str) -> None:
    environment = {"PURGEMAP_QUEUE_URL": queue, "PURGEMAP_DEAD_LETTER_QUEUE_URL": dead_letters}
    assert message in str(invoke(redrive, env=environment).exception)
