"""Logs of `aws s3`, as terminals, pagers and CI systems leave them: each change is named, or the line refused."""

import pytest

from purgemap.errors import PurgemapError
from purgemap.operations.inputs.change_list import parse_lines

PROGRESS = "Completed 256.0 KiB/1.2 MiB (1.1 MiB/s) with 1 file(s) remaining"
TIMEOUT = 'Read timeout on endpoint URL: "https://site.s3.amazonaws.com/a.html"'
DENIED = "An error occurred (AccessDenied) when calling the {} operation: Access Denied"
PADDING = " " * 10
ESCAPE = "\x1b"


def changes(text: str) -> list[tuple[str, str]]:
    return [(f"{each.bucket}/{each.key}", each.event) for each in parse_lines(text.split("\n")).changes]


def created(*names: str) -> list[tuple[str, str]]:
    return [(name, "created") for name in names]


def deleted(*names: str) -> list[tuple[str, str]]:
    return [(name, "deleted") for name in names]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"upload: public/index.html to s3://site/index.html{PADDING}", created("site/index.html")),
        (f"copy: s3://other/x/a.html to s3://site/a.html{PADDING}", created("site/a.html")),
        (rf"upload: .\img\a.png to s3://site/img/a.png{PADDING}", created("site/img/a.png")),
        ("upload: ./a.html to s3://site/a.html\t\u00a0", created("site/a.html")),
        ("upload: ./a   to s3://site/a  ", created("site/a  ")),
        ("upload: ./a   to s3://site/a        ", created("site/a  ")),
        ("upload: ./a   to s3://site/a", created("site/a  ")),
        ("upload: ./a to s3://site/b  ", created("site/b", "site/b  ")),
        ("upload: - to s3://site/b  ", created("site/b", "site/b  ")),
        ("upload: ./a to s3://site/a (1.2 KiB)", created("site/a", "site/a (1.2 KiB)")),
        ("delete: s3://site/a  ", deleted("site/a", "site/a  ")),
        (f"move: s3://old/a to s3://site/a{PADDING}", [*created("site/a"), *deleted("old/a")]),
        (f"move: s3://old/a  to ./a{PADDING}", deleted("old/a ")),
    ],
)
def test_spaces_are_padding_if_source_has_none(text: str, expected: list[tuple[str, str]]) -> None:
    assert changes(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"upload: ./a to s3://site/a\r{PROGRESS}\r", created("site/a")),
        (f"{PROGRESS}\r{PROGRESS}\rdelete: s3://site/a{PADDING}", deleted("site/a")),
        ("upload: ./a to s3://site/a\r\r\nupload: ./b to s3://site/b\r\r\n", created("site/a", "site/b")),
        ("upload: ./a to s3://site/a\rupload: ./b to s3://site/b\rdelete: s3://site/c", "site/a site/b site/c"),
        ("upload: ./Icon\r to s3://site/Icon\r", created("site/Icon\r")),
        ("upload: ./Icon\r to s3://site/Icon\r\r", created("site/Icon\r")),
        ("upload: ./Icon\r to s3://site/Icon", created("site/Icon\r")),
        (f"{PROGRESS}\rupload: ./x/Icon\r to s3://site/x/Icon\r{PADDING}", created("site/x/Icon\r")),
        ("upload: ./a\rb to s3://site/a\rb", created("site/a\rb")),
        ("move: s3://old/Icon\r to s3://site/Icon\r", [*created("site/Icon\r"), *deleted("old/Icon\r")]),
        ("delete: s3://site/Icon\r", deleted("site/Icon", "site/Icon\r")),
        ("delete: s3://site/a\r\ndelete: s3://site/b", deleted("site/a", "site/a\r", "site/b")),
        ("delete: s3://site/a\r\ndelete: s3://site/b\r\n", deleted("site/a", "site/b")),
        ("s3://site/Icon\r\ns3://site/b\r\n", created("site/Icon", "site/Icon\r", "site/b")),
        ("s3://site/a\rs3://site/b\r", created("site/a", "site/b")),
    ],
)
def test_carriage_return_ends_part_or_belongs_to_name(text: str, expected: list[tuple[str, str]] | str) -> None:
    if isinstance(expected, str):
        assert [name for name, _ in changes(text)] == expected.split()
    else:
        assert changes(text) == expected


@pytest.mark.parametrize(
    "before",
    [
        f"{PROGRESS} {PROGRESS} ",
        "Completed 252 Bytes/252 Bytes (588 Bytes/s) with",
        "Completed 17 Bytes/17 Bytes (40 Bytes/s) with 1 file(s) r",
        "Completed 1 of 3 part(s) with 2 file(s) remaining\r",
    ],
)
def test_result_is_parsed_after_progress_on_same_line(before: str) -> None:
    assert changes(f"{before}upload: ./a to s3://site/a") == created("site/a")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("copy: s3://x/a to b to s3://site/a to b", created("site/a to b")),
        ("upload: ./x to s3://b/y to s3://site/x to s3://b/y", created("site/x to s3://b/y")),
        ("move: s3://old/a to b to ./a to b", deleted("old/a to b")),
    ],
)
def test_names_with_to_are_split_by_same_last_name(text: str, expected: list[tuple[str, str]]) -> None:
    assert changes(text) == expected


@pytest.mark.parametrize(
    "line",
    [
        "upload: 'a.html' -> 's3://site/a.html'  [1 of 3]",
        "delete: 's3://site/a.html'",
        "delete: ./a.html",
        "upload: ./a.html to ***/a.html",
        "upload: ./a.html to s3://***/a.html",
        "upload: ./a.html to s3://[MASKED]/a.html",
        "upload: ./a.html to s3://site/***/a.html",
        "upload: ./a.html to s3://$BUCKET/a.html",
        "upload: ./a.html to s3://...",
        "upload: ./a.html to s3://arn:aws:s3:eu-west-1:111122223333:accesspoint/mine/a.html",
        "upload: ./a.html",
        "copy: s3://site/a to ./a",
        "move: s3://site/a",
        "download: somewhere",
        "upload failed: ./a.html to ***/a.html Read timeout",
        "copy failed: s3://other/x to s3://site/y timeout",
        "upload: ./a to s3://site/a upload: ./b to s3://site/b",
        "upload: ./a to s3://site/aupload failed: ./b to s3://site/b no",
        f"delete: s3://site/a {PROGRESS}",
        "upload: ./caf?.html to s3://site/caf?.html",
        "delete: s3://site/caf\ufffd.html",
        f"upload: ./a{ESCAPE}[1m to s3://site/a{ESCAPE}[1mb",
    ],
)
def test_result_without_readable_object_is_rejected(line: str) -> None:
    with pytest.raises(PurgemapError, match=r"^line 2: .*(?:s3://BUCKET/KEY|JSON event)"):
        parse_lines(["upload: ./z to s3://site/z", line])


def test_carriage_return_within_deleted_name_is_rejected() -> None:
    with pytest.raises(PurgemapError, match="holds a carriage return"):
        parse_lines(["delete: s3://site/a\rb"])


def test_question_mark_is_rejected_with_encoding_to_set() -> None:
    with pytest.raises(PurgemapError, match="PYTHONIOENCODING=utf-8"):
        parse_lines(["upload: ./caf?.html to s3://site/caf?.html"])


def test_question_mark_is_real_in_unicode_output() -> None:
    assert changes("upload: ./why?.html to s3://site/why?.html\ndelete: s3://site/日本") == [
        *created("site/why?.html"),
        *deleted("site/日本"),
    ]


@pytest.mark.parametrize("other", ["upload: ./é to s3://site/é", r"upload: .\日本 to s3://site/日本"])
def test_question_mark_is_rejected_if_code_page_may_lack_letters(other: str) -> None:
    with pytest.raises(PurgemapError, match="PYTHONIOENCODING=utf-8"):
        parse_lines([other, "delete: s3://site/why?.html"])


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (f"move failed: ./a.html to s3://site/a.html {DENIED.format('DeleteObject')}", created("site/a.html")),
        (f"move failed: s3://old/a to s3://site/a {DENIED.format('DeleteObject')}", created("site/a")),
        (f"move failed: s3://old/a to s3://site/a {TIMEOUT}", [*created("site/a"), *deleted("old/a")]),
        (f"move failed: s3://old/a b to ./a b {TIMEOUT}", deleted("old/a b")),
        (f"upload failed: ./a b to s3://site/a b {TIMEOUT}", created("site/a b")),
        (f"copy failed: s3://x/a to s3://site/b {TIMEOUT}", created("site/b")),
        ("upload failed: ./a to s3://site/a Connection was closed before we received a response", created("site/a")),
        (
            "upload failed: ./a to s3://site/a An error occurred (InternalError) when calling the PutObject operation",
            created("site/a"),
        ),
        (
            f"upload failed: ./a to s3://site/a {DENIED.format('Complete').replace('AccessDenied', 'NoSuchUpload')}",
            created("site/a"),
        ),
        (f"delete failed: s3://site/a b {TIMEOUT}", deleted("site/a b")),
        (f"upload failed: ./a to s3://site/a {DENIED.format('PutObject')}", []),
        (f"delete failed: s3://site/closed {DENIED.format('DeleteObject')}", []),
        (f"download failed: s3://site/a to ./a {TIMEOUT}", []),
        ("upload failed: ./a to s3://site/a An error occurred", created("site/a")),
        ("upload failed: ./a to s3://site/a an error of tomorrow's CLI", created("site/a")),
        ("upload failed: ./a to s3://site/a [Errno 104] Connection reset by peer", created("site/a")),
        ("upload failed: ./a to s3://site/a [Errno 2] No such file or directory: 'a'", []),
        ("upload failed: ./a to s3://site/a Unable to locate credentials", []),
    ],
)
def test_failure_returns_uris_that_may_have_changed(line: str, expected: list[tuple[str, str]]) -> None:
    assert changes(line) == expected
    assert parse_lines([line]).aws_cli_errors == ([] if expected else [line])


@pytest.mark.parametrize(
    "repeated", ["Completed 1file(s) remaining", "10:00:00 ", " ", "a\t", "upload: x to ", "\x1b_"]
)
def test_long_line_is_rejected_in_linear_time(repeated: str) -> None:
    with pytest.raises(PurgemapError):
        parse_lines([repeated * 20_000 + "x"])
