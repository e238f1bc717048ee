"""Lists of keys for `--bucket`: each line is a key of the bucket, or refused with the way to name it."""

import json

import pytest

from purgemap.errors import PurgemapError
from purgemap.operations.inputs.change_list import decode_input, parse_lines
from support.payloads import s3_event


def keys(text: str) -> list[str]:
    return [change.key for change in parse_lines(text.split("\n"), bucket="site").changes]


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("./a/b.html", "a/b.html"),
        (r'"caf\303\251.html"', "café.html"),
        (r'"a\tb\"c\\d.html"', 'a\tb"c\\d.html'),
        ("a.html?v=2", "a.html?v=2"),
        ("2026-05-01T10:00:00Z/a.html", "2026-05-01T10:00:00Z/a.html"),
        ("docs/", "docs/"),
        ("a.html\r", "a.html"),
    ],
)
def test_parse_key_reads_output_of_git_and_find(line: str, key: str) -> None:
    assert keys(line) == [key]


@pytest.mark.parametrize(
    "line",
    [
        "2026-01-01 10:00:00       1234 a.html",
        "                           PRE docs/",
        "[10:33:54] a.html",
        "01-May-2026 10:33:54.123 a.html",
        "Fri May  1 10:33:54 a.html",
        "A\ta.html",
        "M\ta.html",
        "R100\told.html\tnew.html",
        "M       a.html",
        " M a.html",
        "?? a.html",
        "/a.html",
        "../a.html",
        "./",
        ".",
        "~/a.html",
        r"img\a.png",
        '"a.html"',
        r'"caf\303.html"',
        r'"caf\u00e9.html"',
        "a.html\rb.html",
        "upload: a.html",
        "x upload: a.html",
        "[1/3] copy: a.html",
        "(dryrun) a.html",
        "Transferred: 3 / 3, 100%",
        "INFO  : a.html: Copied (new)",
        "<6>INFO  : a.html: Copied (new)",
        "sent 123 bytes  received 45 bytes  336.00 bytes/sec",
        "deleting old.html",
        "Total Objects: 10",
        "3 files changed, 10 insertions(+)",
        "Done in 3.2s.",
        "Uploaded a.html",
        "-rw-r--r-- 1 root root 12 May  1 10:00 a.html",
        "total 12",
        "diff --git a/x b/x",
        "old.html => new.html",
        "├── a.html",
        "- a.html",
        "$ ls",
        "##[endgroup]",
        "remove_bucket: site",
        "[MASKED]/a.html",
        "caf\ufffd.html",
    ],
)
def test_parse_key_rejects_output_of_other_tools_with_hint(line: str) -> None:
    with pytest.raises(PurgemapError, match=r"^line 2: .*(?:s3://BUCKET/KEY|S3 has no such object)"):
        keys(f"a.html\n{line}")


@pytest.mark.parametrize(
    "key", ["M\ta", " a", "/a", "a?b", "./a", "2026-01-01 10:00:00 1 a", r"a\b", '"a"', "Done", "…"]
)
def test_odd_key_is_accepted_as_uri_or_event(key: str) -> None:
    assert keys(f"s3://site/{key}") == keys(json.dumps(s3_event("site", key))) == [key]


def test_key_among_results_is_rejected() -> None:
    with pytest.raises(PurgemapError, match=r"line 2: 'b\.html' is not a result"):
        keys("upload: ./a.html to s3://site/a.html\nb.html")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a.html\0docs/b c.html\0", ["a.html", "docs/b c.html"]),
        ("./a.html\0./x\ny\tz.html\0", ["a.html", "x\ny\tz.html"]),
        ('"a".html\0b.html', ["b.html"]),
        ("s3://site/a\r\0b.html\0\n", ["a\r", "b.html"]),
    ],
)
def test_nul_ended_names_are_split(text: str, expected: list[str]) -> None:
    assert [key for key in keys(text) if not key.startswith('"')] == expected


@pytest.mark.parametrize(
    "text", ["M\0a.html\0", "R100\0a.html\0b.html\0", "/a.html\0b\0", "a.html\0upload: x\0", "./\0abc\0"]
)
def test_nul_ended_name_is_rejected_if_not_a_key(text: str) -> None:
    with pytest.raises(PurgemapError, match=r"^name \d: "):
        keys(text)


def test_nul_ended_names_require_a_bucket() -> None:
    with pytest.raises(PurgemapError, match=r"name 1: 'a\.html' is a key; name its bucket with --bucket"):
        parse_lines(["a.html\0b.html\0"])


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_utf_16_is_rejected_with_hint(encoding: str) -> None:
    with pytest.raises(PurgemapError, match=r"is UTF-16.*Out-File -Encoding utf8"):
        parse_lines(decode_input("upload: ./a to s3://site/a\r\n".encode(encoding)).split("\n"))


@pytest.mark.parametrize("keys_of_brackets", [["["], ["{"], ["[", "{"], ["[", "{", "x"]])
def test_lone_brackets_are_keys_parsed_in_linear_time(keys_of_brackets: list[str]) -> None:
    lines = keys_of_brackets * 10_000
    assert set(keys("\n".join([*lines, "]", "}"]))) == {*keys_of_brackets, "]", "}"}
