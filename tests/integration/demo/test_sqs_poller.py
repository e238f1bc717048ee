"""The poller that replaces Lambda's event source mapping."""

from collections.abc import Callable
from typing import Any

import pytest

from purgemap.demo.local_aws import LocalAws
from purgemap.demo.sqs_poller import MAX_PAYLOAD_BYTES, EventSource, parse_failures
from support.doubles.clock import Clock
from support.local_site import BUCKET, Site, send

pytest_plugins = ["support.local_aws_fixtures"]

QUEUE_ARN = "arn:aws:sqs:us-east-1:123456789012:purgemap"


class Recorder:
    """A handler that records its events and contexts, and returns what `answer` returns for the records."""

    def __init__(self, answer: Callable[[list[dict[str, Any]]], Any] = lambda _records: None) -> None:
        self.events: list[dict[str, Any]] = []
        self.contexts: list[Any] = []
        self._answer = answer

    def __call__(self, event: Any, context: Any) -> Any:
        self.events.append(event)
        self.contexts.append(context)
        return self._answer(event["Records"])


def source(aws: LocalAws, handler: Recorder, clock: Clock | None = None, **settings: Any) -> EventSource:
    """Create a poller whose clock advances only while it sleeps."""
    queue_url, _ = aws.create_queues(BUCKET)
    clock = clock or Clock()
    settings = {"window_seconds": 0.3, "now": clock, "sleep": clock.advance, **settings}
    return EventSource(aws.client("sqs"), queue_url, QUEUE_ARN, handler, **settings)


def depth(aws: LocalAws, queue_url: str) -> dict[str, str]:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    attributes: dict[str, str] = aws.client("sqs").get_queue_attributes(QueueUrl=queue_url, AttributeNames=names)[
        "Attributes"
    ]
    return {name.removeprefix("ApproximateNumberOf"): count for name, count in attributes.items()}


EMPTY = {"Messages": "0", "MessagesNotVisible": "0"}


def test_record_has_the_fields_that_lambda_documents(site: Site) -> None:
    handler = Recorder()
    site.put("page.html")
    source(site.aws, handler).poll()
    ((record,),) = [event["Records"] for event in handler.events]
    assert record.keys() == {
        "messageId",
        "receiptHandle",
        "body",
        "attributes",
        "messageAttributes",
        "md5OfBody",
        "eventSource",
        "eventSourceARN",
        "awsRegion",
    }
    assert record["attributes"].keys() == {
        "ApproximateReceiveCount",
        "SentTimestamp",
        "SenderId",
        "ApproximateFirstReceiveTimestamp",
    }
    assert (record["eventSource"], record["eventSourceARN"], record["awsRegion"]) == ("aws:sqs", QUEUE_ARN, "us-east-1")


def test_record_names_message_attributes_as_lambda_does(aws: LocalAws) -> None:
    handler = Recorder()
    mapping = source(aws, handler)
    attribute = {"StringValue": "1", "DataType": "Number"}
    aws.client("sqs").send_message(QueueUrl=mapping.queue_url, MessageBody="x", MessageAttributes={"v": attribute})
    mapping.poll()
    assert handler.events[0]["Records"][0]["messageAttributes"] == {
        "v": {"stringValue": "1", "dataType": "Number", "stringListValues": [], "binaryListValues": []}
    }


def test_context_returns_the_remaining_time(aws: LocalAws) -> None:
    handler = Recorder()
    mapping = source(aws, handler)
    send(mapping.sqs, mapping.queue_url, 10)
    mapping.poll()
    assert handler.contexts[0].get_remaining_time_in_millis() == 60_000


def test_poll_of_an_empty_queue_invokes_nothing(aws: LocalAws) -> None:
    handler = Recorder()
    assert source(aws, handler).poll() is None
    assert handler.events == []


def test_poll_collects_one_batch_per_window(aws: LocalAws) -> None:
    handler = Recorder()
    mapping = source(aws, handler)
    send(mapping.sqs, mapping.queue_url, 70)
    mapping.poll()
    assert [len(event["Records"]) for event in handler.events] == [70]
    assert depth(aws, mapping.queue_url) == EMPTY


def test_poll_starts_the_window_with_the_first_message(aws: LocalAws) -> None:
    clock = Clock()
    mapping = source(aws, Recorder(), clock, window_seconds=0.9)
    send(mapping.sqs, mapping.queue_url, 10)
    started = clock.now
    mapping.poll()
    assert clock.now - started == pytest.approx(0.9)


def test_poll_invokes_a_full_batch_before_the_window_ends(aws: LocalAws) -> None:
    handler = Recorder()
    mapping = source(aws, handler, batch_size=25, window_seconds=30)
    send(mapping.sqs, mapping.queue_url, 30)
    mapping.poll()
    mapping.window_seconds = 0
    mapping.poll()
    assert [len(event["Records"]) for event in handler.events] == [25, 5]


def test_poll_ends_a_batch_before_the_payload_limit(aws: LocalAws) -> None:
    assert MAX_PAYLOAD_BYTES == 6 * 1024 * 1024
    handler = Recorder()
    mapping = source(aws, handler, max_payload_bytes=5_000)
    for _ in range(5):
        mapping.sqs.send_message(QueueUrl=mapping.queue_url, MessageBody="x" * 1_500)
    while mapping.poll():
        pass
    assert [len(event["Records"]) for event in handler.events] == [2, 2, 1]


def test_poll_keeps_only_failed_messages_in_the_queue(aws: LocalAws) -> None:
    handler = Recorder(lambda records: {"batchItemFailures": [{"itemIdentifier": records[3]["messageId"]}]})
    mapping = source(aws, handler)
    send(mapping.sqs, mapping.queue_url, 10)
    invocation = mapping.poll()
    assert invocation is not None
    assert invocation.failed_ids == {handler.events[0]["Records"][3]["messageId"]}
    assert depth(aws, mapping.queue_url) == {"Messages": "0", "MessagesNotVisible": "1"}


def test_poll_keeps_all_messages_if_the_handler_raises(aws: LocalAws) -> None:
    def fail(_records: object) -> None:
        raise RuntimeError

    mapping = source(aws, Recorder(fail))
    send(mapping.sqs, mapping.queue_url, 10)
    invocation = mapping.poll()
    assert invocation is not None
    assert len(invocation.failed_ids) == 10
    assert depth(aws, mapping.queue_url) == {"Messages": "0", "MessagesNotVisible": "10"}


def test_message_that_fails_five_times_becomes_a_dead_letter(aws: LocalAws) -> None:
    handler = Recorder(lambda records: {"batchItemFailures": [{"itemIdentifier": records[0]["messageId"]}]})
    mapping = source(aws, handler, window_seconds=0)
    mapping.sqs.set_queue_attributes(QueueUrl=mapping.queue_url, Attributes={"VisibilityTimeout": "0"})
    mapping.sqs.send_message(QueueUrl=mapping.queue_url, MessageBody="poison")
    while mapping.poll():
        pass
    counts = [event["Records"][0]["attributes"]["ApproximateReceiveCount"] for event in handler.events]
    assert counts == ["1", "2", "3", "4", "5"]
    dead_letters = mapping.sqs.get_queue_url(QueueName="purgemap-dead-letters")["QueueUrl"]
    assert mapping.sqs.receive_message(QueueUrl=dead_letters)["Messages"][0]["Body"] == "poison"


@pytest.mark.parametrize("answer", [None, {}, {"batchItemFailures": []}, {"batchItemFailures": None}])
def test_parse_failures_of_an_empty_response_is_empty(answer: object) -> None:
    assert parse_failures(answer, ["a", "b"]) == set()


def test_parse_failures_returns_the_failed_ids() -> None:
    assert parse_failures({"batchItemFailures": [{"itemIdentifier": "b"}]}, ["a", "b"]) == {"b"}


@pytest.mark.parametrize(
    "failure", [{"itemIdentifier": ""}, {"itemIdentifier": None}, {"itemIdentifier": "c"}, {"identifier": "a"}, "a", {}]
)
def test_parse_failures_fails_the_batch_for_an_unknown_id(failure: object) -> None:
    answer = {"batchItemFailures": [{"itemIdentifier": "a"}, failure]}
    assert parse_failures(answer, ["a", "b"]) == {"a", "b"}


@pytest.mark.parametrize("answer", ["fine", ["a"], 1, {"batchItemFailures": "a"}])
def test_parse_failures_fails_the_batch_for_another_shape(answer: object) -> None:
    assert parse_failures(answer, ["a", "b"]) == {"a", "b"}
