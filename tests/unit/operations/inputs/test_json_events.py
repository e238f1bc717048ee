"""JSON in a command's input: an event of S3 whose meaning is known, or an error."""

import json
from typing import Any

import pytest

from purgemap.errors import PurgemapError
from purgemap.operations.inputs.change_list import parse_lines
from support.payloads import s3_event

UNCHANGING = [
    *("Object Tags Added", "Object Tags Deleted", "Object ACL Updated", "Object Restore Completed"),
    *("Object Storage Class Changed", "Object Access Tier Changed"),
]


def eventbridge(detail_type: str, source: str = "aws.s3") -> dict[str, Any]:
    return {**s3_event("site", "a"), "detail-type": detail_type, "source": source}


def classic(name: str) -> dict[str, Any]:
    bucket, key = {"name": "site"}, {"key": "a"}
    return {"Records": [{"eventSource": "aws:s3", "eventName": name, "s3": {"bucket": bucket, "object": key}}]}


@pytest.mark.parametrize(
    "event",
    [
        *map(eventbridge, UNCHANGING),
        *map(classic, ["ObjectTagging:Put", "s3:ObjectAcl:Put", "ObjectRestore:Post", "LifecycleTransition"]),
        {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "site"},
    ],
)
def test_parse_events_ignores_event_that_changes_no_bytes(event: dict[str, Any]) -> None:
    named = parse_lines([json.dumps(event)])
    assert (named.changes, named.ignored) == ([], 1)


@pytest.mark.parametrize(
    "document",
    [
        {"Contents": [{"Key": "a.html", "Size": 1}]},
        {"ETag": '"d41d8"', "ServerSideEncryption": "AES256"},
        {"Deleted": [{"Key": "a.html"}]},
        {"level": "info", "msg": "upload: ./a to s3://site/a"},
        {"operation": "cp", "success": True, "destination": "s3://site/a.html"},
        {"Records": [{"eventSource": "s3.amazonaws.com", "eventName": "PutObject"}]},
        {"version": "0", "bucket": {"name": "site"}, "object": {"key": "a"}, "reason": "PutObject"},
        {},
        ["a.html", "b.html"],
        [s3_event("site", "a"), {"Key": "a.html"}],
        eventbridge("Object Created", source="aws.other"),
        eventbridge("Object Replaced"),
        eventbridge("AWS API Call via CloudTrail"),
        classic("ReducedRedundancyLostObject"),
        classic("ObjectReplaced:Put"),
    ],
)
@pytest.mark.parametrize("indent", [None, 2])
def test_parse_events_rejects_json_that_is_not_a_known_event(document: Any, indent: int | None) -> None:
    lines = ["s3://site/first", *json.dumps(document, indent=indent).split("\n")]
    with pytest.raises(PurgemapError, match=r"^line 2: "):
        parse_lines(lines)


@pytest.mark.parametrize("line", ['{"level": "info"}', '{ "level": "info" }', '["a.html"]', '[ {"Key": "a"} ]'])
def test_parse_lines_rejects_json_despite_bucket(line: str) -> None:
    with pytest.raises(PurgemapError, match=r"^line 1: "):
        parse_lines([line], bucket="site")
