"""The input of `plan` and `invalidate`: its forms, listings, warnings and errors."""

import json
from pathlib import Path

import click
import pytest

from purgemap.errors import PurgemapError
from support.payloads import s3_event
from support.plans import DOCS, MAP, planned_items, run_plan


@pytest.fixture(autouse=True)
def _map_file(_in_empty_folder: None) -> None:
    Path("routes.yaml").write_text(MAP)


@pytest.mark.parametrize(
    ("text", "arguments", "expected"),
    [
        ("upload: ./x to s3://site/x\r\n", (), ["/x"]),
        ("(dryrun) delete: s3://site/x\n", (), ["/x"]),
        ("move: s3://site/x to s3://site/y\n", (), ["/x", "/y"]),
        ("s3://site/a%20b", (), ["/a%2520b"]),
        ("x\ny\n", ("--bucket", "site"), ["/x", "/y"]),
        (json.dumps(s3_event("site", "a b")), (), ["/a%20b", "/a+b"]),
        ("\N{BYTE ORDER MARK}s3://site/x\n", (), ["/x"]),
    ],
)
def test_plan_reads_every_form_of_input(text: str, arguments: tuple[str, ...], expected: list[str]) -> None:
    assert planned_items(text, *arguments) == expected


def test_plan_reads_file_or_standard_input() -> None:
    Path("changes").write_text("s3://site/x\n")
    assert planned_items("", "changes") == planned_items("s3://site/x\n", "-") == ["/x"]


@pytest.mark.parametrize(
    ("text", "arguments", "message"),
    [
        ("s3://site/a\nb.html\n", (), "-: line 2: 'b.html' is a key; name its bucket with --bucket"),
        ("s3://site/a\n\ns3://site\n", (), "-: line 3: 's3://site' is not an S3 URI; expected s3://BUCKET/KEY"),
        ('{"detail": \n', (), "line 1: begins like a JSON event, but "),
        (b"s3://site/a\ns3://site/\xff\n", (), "-: line 2 is not UTF-8"),
        ("s3://site/a\n".encode("utf-16"), (), "-: is UTF-16, as PowerShell's > writes it"),
        ("", ("keys",), "keys: line 1: 'a' is a key; name its bucket with --bucket"),
        ("", ("missing",), "missing: No such file or directory; name a file"),
        ("s3://site/a\n", ("--listing", "missing"), "missing: No such file or directory"),
        ("s3://site/a\ns3://other/a\n", ("--listing", "keys"), "name it with --bucket"),
        ("s3://site/a\n", ("--listing", "json"), "json: the listing is not JSON of `aws s3api list-objects-v2`"),
    ],
)
def test_plan_reports_unreadable_input_with_its_place(
    text: str | bytes, arguments: tuple[str, ...], message: str
) -> None:
    Path("keys").write_text("a\nb\n")
    Path("json").write_text('{"Contents": [{"Name": "a"}]}')
    with pytest.raises(PurgemapError) as raised:
        run_plan(text, *arguments)
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("listed", "message"),
    [
        ("a.html\nb.html\n", "lacks all 3 objects created in site, as 'docs/a.html', whose first key is 'a.html'"),
        ('{"Prefix": ""}', "lacks all 3 objects created in site, as 'docs/a.html', which is empty"),
        ("s3://elsewhere/docs/a.html\n", "names no object of site"),
        ("", "names no object of site"),
    ],
)
def test_plan_rejects_listing_without_created_objects(listed: str, message: str) -> None:
    Path("listing").write_text(listed)
    with pytest.raises(PurgemapError) as raised:
        run_plan(DOCS, "--listing", "listing")
    assert str(raised.value).startswith(f"listing: the listing {message}")


def test_plan_prints_errors_of_aws_cli_and_skips_them() -> None:
    result = run_plan(
        "upload failed: ./x to s3://site/x An error occurred (AccessDenied)\nupload: ./y to s3://site/y\n"
    )
    assert result.stderr == "purgemap: skipped: upload failed: ./x to s3://site/x An error occurred (AccessDenied)\n"
    assert "1 change → 1 item in 1 request" in result.stdout


def test_plan_prints_buckets_of_unrouted_changes() -> None:
    text = "".join(f"s3://other-{n}/x\n" for n in range(7)) + "s3://site/x\n"
    assert run_plan(text).stdout.splitlines()[-1] == (
        "7 changes without a route (in other-0, other-1, other-2, other-3, other-4 and 2 more), 0 events ignored"
    )


def test_plan_suggests_bucket_for_misspelt_one() -> None:
    assert run_plan("s3://feed/x\n").stdout.splitlines()[-2:] == [
        'the map has no bucket feed; did you mean "feeds"?',
        "1 change without a route (in feed), 0 events ignored",
    ]


@pytest.mark.parametrize(
    ("bucket", "instead"),
    [("", "my-site"), ("s3://site", "site"), ("s3://site/docs/", "site"), ("site/docs", "site"), ("a b", "my-site")],
)
def test_plan_rejects_invalid_bucket_with_suggestion(bucket: str, instead: str) -> None:
    with pytest.raises(click.BadParameter) as raised:
        run_plan("x\n", "--bucket", bucket)
    assert raised.value.message == f"{bucket!r} is not a bucket's name; write it alone, as {instead}"


def test_plan_warns_of_bucket_without_listing() -> None:
    Path("routes.yaml").write_text(f"{MAP}  - {{bucket: media, distributions: [docs]}}\n")
    Path("listing").write_text("docs/a.html\ndocs/d.html\n")
    assert run_plan(DOCS, "--listing", "listing").stderr == (
        "purgemap: listing: media feeds docs (E3EXAMPLE2ABCD) too, but its objects count as absent; list it\n"
    )
    Path("listing").write_text("s3://site/docs/a.html\ns3://media/cat.jpg\n")
    assert run_plan(DOCS, "--listing", "listing").stderr == ""
