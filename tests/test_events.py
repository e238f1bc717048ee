"""Each case is a file of tests/events: a payload, and the changes, ignored events and malformed records in it."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from purgemap.events import parse_payload

CASES = sorted((Path(__file__).parent / "events").glob("*.json"))


@pytest.mark.parametrize("file", CASES, ids=lambda file: file.stem)
def test_each_documented_payload_is_read_or_ignored_on_purpose(file: Path) -> None:
    case = json.loads(file.read_text())
    batch = parse_payload(case["payload"])
    assert [[change.bucket, change.key, change.event] for change in batch.changes] == case["changes"]
    assert dict(batch.ignored) == case["ignored"]
    assert [record.source for record in batch.malformed] == case["malformed"]
    assert batch.from_queue == case["from_queue"]


def test_one_malformed_record_among_ten_thousand_loses_nothing_else() -> None:
    created = json.loads((Path(__file__).parent / "events" / "eventbridge-created-putobject.json").read_text())[
        "payload"
    ]
    records = [
        {"eventSource": "aws:sqs", "messageId": f"m-{n}", "body": json.dumps(with_key(created, f"page-{n}.html"))}
        for n in range(10_000)
    ]
    records[4_321]["body"] = records[4_321]["body"][:-1]
    batch = parse_payload({"Records": records})
    assert {change.key for change in batch.changes} == {f"page-{n}.html" for n in range(10_000) if n != 4_321}
    assert [record.source for record in batch.malformed] == ["m-4321"]


def test_a_body_nested_deeper_than_python_can_read_is_malformed_not_fatal() -> None:
    batch = parse_payload({"Records": [{"eventSource": "aws:sqs", "messageId": "m", "body": "[" * 200_000}]})
    assert [record.source for record in batch.malformed] == ["m"]


def test_the_source_is_the_message_then_the_event_then_the_request() -> None:
    event = json.loads((Path(__file__).parent / "events" / "eventbridge-created-putobject.json").read_text())["payload"]
    queued = {"Records": [{"eventSource": "aws:sqs", "messageId": "m-1", "body": json.dumps(event)}]}
    classic = json.loads((Path(__file__).parent / "events" / "classic-created.json").read_text())["payload"]
    assert [parse_payload(each).changes[0].source for each in (queued, event, classic)] == [
        "m-1",
        "17793124-05d4-b198-2fde-7ededc63b103",
        "C3D13FE58DE4C810:0055AED6DCD90281E5",
    ]


TELLING_KEYS = (
    ["Records", "body", "eventSource", "messageId", "detail-type", "source", "detail", "bucket", "object", "name"],
    ["key", "s3", "eventName", "Type", "Message", "EventSource", "Sns", "Event", "reason", "id"],
)
TELLING_VALUES = ["aws:sqs", "aws:s3", "aws.s3", "Object Created", "ObjectCreated:Put", "Notification"]
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from([*TELLING_KEYS[0], *TELLING_KEYS[1]]), inner | st.sampled_from(TELLING_VALUES), max_size=6
        )
    ),
    max_leaves=25,
)


@given(JSON_VALUES)
def test_no_payload_whatever_raises(payload: Any) -> None:
    parse_payload(payload)
    parse_payload({"Records": [{"eventSource": "aws:sqs", "messageId": "m", "body": json.dumps(payload)}]})


def with_key(event: dict[str, Any], key: str) -> dict[str, Any]:
    return {**event, "detail": {**event["detail"], "object": {**event["detail"]["object"], "key": key}}}
