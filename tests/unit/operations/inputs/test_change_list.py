"""Lines that name changed objects: what `aws s3` prints, URIs, events, keys."""

import json

import pytest

from purgemap.errors import PurgemapError
from purgemap.operations.inputs.change_list import parse_lines
from support.payloads import s3_event


def parsed(*lines: str, bucket: str | None = None) -> list[tuple[str, str, str]]:
    return [(each.bucket, each.key, each.event) for each in parse_lines(lines, bucket=bucket).changes]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("upload: ./a.html to s3://site/a.html", [("site", "a.html", "created")]),
        ("upload: a to s3://b/c to s3://site/x", [("site", "x", "created")]),
        ("upload: ./a b to s3://site/a b+c%20~é.html", [("site", "a b+c%20~é.html", "created")]),
        ("copy: s3://other/k to s3://site/k", [("site", "k", "created")]),
        ("delete: s3://site/a to b.html", [("site", "a to b.html", "deleted")]),
        ("move: ./a to s3://site/a", [("site", "a", "created")]),
        ("move: s3://old/k to s3://site/k", [("site", "k", "created"), ("old", "k", "deleted")]),
        ("move: s3://old/k to ../k", [("old", "k", "deleted")]),
        ("download: s3://site/k to ../k", []),
        ("(dryrun) upload: ./a to s3://site/a", [("site", "a", "created")]),
        ("(dryrun) delete: s3://site/a", [("site", "a", "deleted")]),
        ("s3://site/a%20b+c", [("site", "a%20b+c", "created")]),
        ("Completed 5 Bytes/10 Bytes (50 Bytes/s) with 1 file(s) remaining\rupload: ./a to s3://site/a", "site a"),
        ("Completed 1 file(s) with 2 file(s) remaining\rdelete: s3://site/a                     ", "site a"),
        ("Completed 256.0 KiB/1.2 MiB (1.1 MiB/s) with 1 file(s) remaining", []),
        ("Completed 256.0 KiB/~1.2 MiB (1.1 MiB/s) with ~1 file(s) remaining (calculating...)\r", []),
        ("Completed 1 file(s) with 0 file(s) remaining\r                                            ", []),
        (
            "Completed 1 file(s) with 2 file(s) remaining\rupload: ./a  to s3://site/a            ",
            [("site", "a ", "created")],
        ),
        ("upload: ./a to s3://site/a\r\n", [("site", "a", "created")]),
        ("", []),
    ],
)
def test_parse_lines_reads_each_form_of_line(line: str, expected: list[tuple[str, str, str]] | str) -> None:
    if isinstance(expected, str):
        assert [(bucket, key) for bucket, key, _ in parsed(line)] == [tuple(expected.split())]
    else:
        assert parsed(line) == expected


def test_parse_lines_reads_bare_line_as_key_of_bucket() -> None:
    keys = ["a.html", "x: y", "uploads/1", "{braces}"]
    assert parsed(*keys, bucket="site") == [("site", key, "created") for key in keys]


@pytest.mark.parametrize("line", ["docs/a b.html  ", "s3://site/docs/a b.html  ", "s3://site/docs/a b.html  \r"])
def test_parse_lines_keeps_and_strips_spaces_at_end_of_key(line: str) -> None:
    bucket = None if line.startswith("s3://") else "site"
    assert {key for _, key, _ in parsed(line, "s3://site/b", bucket=bucket)} >= {"docs/a b.html", "docs/a b.html  "}


@pytest.mark.parametrize("separator", [" ", ",", ", ", ";"])
def test_parse_lines_refuses_two_uris_on_a_line(separator: str) -> None:
    with pytest.raises(PurgemapError, match="holds more than one s3://BUCKET/KEY"):
        parsed(f"s3://site/a{separator}s3://site/b")


def test_parse_lines_reads_json_line_as_event() -> None:
    event = s3_event("site", "a+b", "deleted")
    queued = {"Records": [{"eventSource": "aws:sqs", "messageId": "m", "body": json.dumps(s3_event("site", "c"))}]}
    assert parsed(json.dumps(event), json.dumps(queued)) == [("site", "a+b", "deleted"), ("site", "c", "created")]
    assert parse_lines([json.dumps({"detail-type": "Object Tags Added", "source": "aws.s3"})]).ignored == 1


@pytest.mark.parametrize("bucket", [None, "site"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_parse_lines_reads_multi_line_json(bucket: str | None, line_end: str) -> None:
    events = [s3_event("site", key) for key in "abc"]
    config = [json.dumps(events[0], indent=2), json.dumps(events[1:], indent=4), "upload: ./d to s3://site/d"]
    lines = [line + line_end for text in config for line in text.split("\n")]
    assert parsed(*lines, bucket=bucket) == [("site", key, "created") for key in "abcd"]


def test_parse_lines_reads_list_of_events_on_a_line() -> None:
    assert parsed(json.dumps([s3_event("site", "a"), s3_event("site", "b")])) == [
        ("site", "a", "created"),
        ("site", "b", "created"),
    ]


def test_parse_lines_reads_bracket_without_json_as_key() -> None:
    keys = ["{", "x", "}", "[", "[1]", "[slug]"]
    assert parsed(*keys, bucket="site") == [("site", key, "created") for key in keys]


@pytest.mark.parametrize("keys", [["{", "}"], ["[", "]"], ["[", "1", "]"], ["[", "{", "}", "]"]])
def test_parse_lines_reads_brackets_around_no_event_as_keys(keys: list[str]) -> None:
    assert parsed(*keys, bucket="site") == [("site", key, "created") for key in keys]


def test_parse_lines_returns_each_object_once() -> None:
    line = "upload: ./a to s3://site/a"
    assert parsed(line, "(dryrun) " + line, line) == [("site", "a", "created")]


def test_parse_lines_counts_lines_of_a_dry_run() -> None:
    lines = ["(dryrun) upload: ./a to s3://site/a", "delete: s3://site/b", "(dryrun) delete: s3://site/c"]
    assert parse_lines(lines).dry_run_lines == 2


def test_parse_lines_returns_errors_of_aws_cli_apart() -> None:
    lines = [
        "upload failed: ./a to s3://site/a An error occurred (AccessDenied)",
        "fatal error: no",
        "upload: b to s3://site/b",
    ]
    change_list = parse_lines(lines)
    assert [change.key for change in change_list.changes] == ["b"]
    assert change_list.aws_cli_errors == lines[:2]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("a.html", "line 2: 'a.html' is a key; name its bucket with --bucket"),
        ("s3://site", "line 2: 's3://site' is not an S3 URI; expected s3://BUCKET/KEY"),
        ("upload: a to s3://site/", "line 2: 's3://site/' is not an S3 URI; expected s3://BUCKET/KEY"),
        ('{"detail-type": ', "line 2: begins like a JSON event, but"),
        (
            '{"detail-type": "Object Created", "source": "aws.s3"}',
            "line 2: Object Created without detail.bucket.name and detail.object.key",
        ),
        ("[1, 2]", "line 2: an event is a JSON object, not a number"),
        ("[slug].html", "line 2: '[slug].html' is a key; name its bucket with --bucket"),
        ('{\n  "a": 1\n  "b"\n}', "line 2: begins like a JSON event, but line 4, column 3: "),
    ],
)
def test_parse_lines_error_has_number_of_line(line: str, message: str) -> None:
    with pytest.raises(PurgemapError) as caught:
        parse_lines(["s3://site/first", *line.split("\n")])
    assert str(caught.value).startswith(message)
