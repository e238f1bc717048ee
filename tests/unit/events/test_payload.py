"""Payloads and the batches parsed from them; each file of tests/cases/events is a payload and its batch."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from purgemap.events import parse_payload
from support.payloads import s3_event, sqs_batch
from support.places import CASES

EVENT_CASES = sorted((CASES / "events").glob("*.json"))


@pytest.mark.parametrize("file", EVENT_CASES, ids=lambda file: file.stem)
def test_parse_payload_gives_the_batch_of_its_case(file: Path) -> None:
    case = json.loads(file.read_text())
    batch = parse_payload(case["payload"])
    assert [[change.bucket, change.key, change.event] for change in batch.changes] == case["changes"]
    assert dict(batch.ignored) == case["ignored"]
    assert [record.source for record in batch.malformed] == case["malformed"]
    assert batch.from_queue == case["from_queue"]


def test_malformed_record_among_ten_thousand_loses_no_other() -> None:
    created = load_payload("eventbridge-created-putobject")
    payload = sqs_batch(with_key(created, f"page-{n}.html") for n in range(1, 10_001))
    payload["Records"][4_320]["body"] = payload["Records"][4_320]["body"][:-1]
    batch = parse_payload(payload)
    assert {change.key for change in batch.changes} == {f"page-{n}.html" for n in range(1, 10_001) if n != 4_321}
    assert [record.source for record in batch.malformed] == ["m-4321"]


DEEP = "[" * 1_100 + "]" * 1_100
DEEP_BODIES = {
    "lists that do not end": "[" * 1_100,
    "more lists than any Python reads": "[" * 200_000,
    "lists": DEEP,
    "a job of another version": f'{{"purgemap_job": {DEEP}}}',
    "a job": f'{{"purgemap_job": 1, "distribution": {DEEP}}}',
    "an unknown member": json.dumps(s3_event("acme-www", "a", tags={"x": "deep"})).replace('"deep"', DEEP),
    "an id": json.dumps({**s3_event("acme-www", "a"), "id": "deep"}).replace('"deep"', DEEP),
}


@pytest.mark.parametrize("body", DEEP_BODIES.values(), ids=DEEP_BODIES.keys())
def test_body_nested_too_deep_is_malformed(body: str) -> None:
    batch = parse_payload(sqs_batch([body, s3_event("acme-www", "good")]))
    assert [record.source for record in batch.malformed] == ["m-1"]
    assert [change.key for change in batch.changes] == ["good"]


def test_event_may_nest_up_to_the_limit() -> None:
    for levels, keys in ((61, ["a"]), (62, [])):
        tags = "[" * levels + "]" * levels
        body = json.dumps(s3_event("acme-www", "a", tags={"x": "deep"})).replace('{"x": "deep"}', tags)
        assert [change.key for change in parse_payload(json.loads(body)).changes] == keys
        assert [change.key for change in parse_payload(sqs_batch([body])).changes] == keys


@pytest.mark.parametrize(("lists", "keys"), [(7, ["a"]), (8, []), (2_000, [])])
def test_event_in_too_many_lists_is_malformed(lists: int, keys: list[str]) -> None:
    payload: Any = s3_event("acme-www", "a")
    for _ in range(lists):
        payload = [payload]
    batch = parse_payload([payload, s3_event("acme-www", "good")])
    assert [change.key for change in batch.changes] == [*keys, "good"]
    assert len(batch.malformed) == (not keys)


def test_notification_in_too_many_notifications_is_malformed() -> None:
    body = json.dumps(s3_event("acme-www", "a"))
    for _ in range(9):
        body = json.dumps({"Type": "Notification", "Message": body})
    assert [record.source for record in parse_payload(sqs_batch([body])).malformed] == ["m-1"]


def test_malformed_record_names_its_members() -> None:
    (record,) = parse_payload({"version": "0", "bucket": {}, "object": {}}).malformed
    assert record.reason == "not an S3 event but a JSON object of 'version', 'bucket', 'object'"


def test_change_source_is_message_then_event_then_request() -> None:
    event = load_payload("eventbridge-created-putobject")
    classic = load_payload("classic-created")
    assert [parse_payload(payload).changes[0].source for payload in (sqs_batch([event]), event, classic)] == [
        "m-1",
        "17793124-05d4-b198-2fde-7ededc63b103",
        "C3D13FE58DE4C810:0055AED6DCD90281E5",
    ]


EVENT_MEMBERS = (
    ["Records", "body", "eventSource", "messageId", "detail-type", "source", "detail", "bucket", "object", "name"],
    ["key", "s3", "eventName", "Type", "Message", "EventSource", "Sns", "Event", "reason", "id"],
)
EVENT_VALUES = ["aws:sqs", "aws:s3", "aws.s3", "Object Created", "ObjectCreated:Put", "Notification"]
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from([*EVENT_MEMBERS[0], *EVENT_MEMBERS[1]]), inner | st.sampled_from(EVENT_VALUES), max_size=6
        )
    ),
    max_leaves=25,
)


@given(JSON_VALUES)
def test_parse_payload_never_raises(payload: Any) -> None:
    parse_payload(payload)
    parse_payload(sqs_batch([json.dumps(payload)]))


def load_payload(case: str) -> Any:
    return json.loads((CASES / "events" / f"{case}.json").read_text())["payload"]


def with_key(event: dict[str, Any], key: str) -> dict[str, Any]:
    return {**event, "detail": {**event["detail"], "object": {**event["detail"]["object"], "key": key}}}


@pytest.mark.parametrize("topic", ["text", None, 1, ["a"]])
def test_payload_of_topic_without_object_is_malformed(topic: object) -> None:
    batch = parse_payload({"Records": [{"EventSource": "aws:sns", "Sns": topic}]})
    assert batch.changes == []


@pytest.mark.parametrize("message_id", [5, None, "", ["m"]])
@pytest.mark.parametrize("body", [json.dumps(s3_event("site", "a")), 5, None])
def test_payload_with_other_types_is_malformed(message_id: object, body: object) -> None:
    batch = parse_payload({"Records": [{"eventSource": "aws:sqs", "messageId": message_id, "body": body}]})
    assert all(isinstance(change.source, str) for change in batch.changes)
