"""`purgemap plan`: every form of input, listings, the printed plan and the JSON document."""

import json
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import Result

from purgemap.cli.plan import plan
from purgemap.errors import PurgemapError
from support.commands import invoke
from support.payloads import s3_event

ROLE = "arn:aws:iam::222222222222:role/purgemap"
MAP = f"""\
version: 1
distributions:
  docs: {{id: E3EXAMPLE2ABCD, role_arn: "{ROLE}", max_paths: 2}}
  feeds: {{id: E4EXAMPLE2ABCD, max_paths: 1}}
routes:
  - {{bucket: site, distributions: [E1EXAMPLE1ABCD]}}
  - {{name: docs, bucket: site, prefix: docs/, origin_path: /docs, distributions: [docs]}}
  - {{name: feeds, bucket: feeds, distributions: [feeds], invalidate: ["/one.xml", "/two.xml"]}}
"""
DOCS = "".join(f"upload: ./{page}.html to s3://site/docs/{page}.html\n" for page in ("a", "b", "c"))


@pytest.fixture(autouse=True)
def _map_file(_in_empty_folder: None) -> None:
    Path("routes.yaml").write_text(MAP)


def run(text: str | bytes, *arguments: str) -> Result:
    return invoke(plan, "--routes", "routes.yaml", *arguments, input=text, catch_exceptions=False)


def document(text: str | bytes, *arguments: str) -> Any:
    result = run(text, "--json", *arguments)
    assert (result.return_value, result.stderr) == (0, "")
    return json.loads(result.stdout)


def items(text: str | bytes, *arguments: str) -> list[str]:
    return [item for each in document(text, *arguments)["invalidations"] for item in each["items"]]


def test_plan_json_has_fixed_shape() -> None:
    ignored = {**s3_event("site", "x"), "detail-type": "Object Tags Added"}
    assert document(f"{DOCS}{json.dumps(ignored)}\ndelete: s3://other/gone\n") == {
        "invalidations": [
            {
                "distribution": "E1EXAMPLE1ABCD",
                "items": ["/docs/a.html", "/docs/b.html", "/docs/c.html"],
                "paths": 3,
                "wildcards": 0,
                "changes": 3,
            },
            {
                "distribution": "E3EXAMPLE2ABCD",
                "role_arn": ROLE,
                "items": ["/*"],
                "paths": 1,
                "wildcards": 1,
                "changes": 3,
            },
        ],
        "summary": {
            "changes": 4,
            "unrouted": 1,
            "ignored": 1,
            "paths": 4,
            "wildcards": 1,
            "requests": 2,
            "cost_usd": 0.02,
        },
    }


def test_plan_prints_distributions_and_cost() -> None:
    shown = run(f"{DOCS}delete: s3://other/gone\n").stdout
    assert shown.splitlines()[-4:] == [
        "E1EXAMPLE1ABCD               3      3          0  $0.015",
        "docs (E3EXAMPLE2ABCD)        3      1          1  $0.005",
        "4 changes → 4 items in 2 requests, $0.020 before the account's free 1,000 paths a month",
        "1 change without a route (in other), 0 events ignored",
    ]


def test_plan_prints_one_line_for_several_requests() -> None:
    shown = run("s3://feeds/1\n").stdout
    assert [line.split() for line in shown.splitlines() if line[0] in "df"][-2:] == [
        ["distribution", "changes", "items", "wildcards", "requests", "cost"],
        ["feeds", "(E4EXAMPLE2ABCD)", "1", "2", "0", "2", "$0.010"],
    ]


def test_plan_counts_items_beyond_limit() -> None:
    shown = run("".join(f"s3://site/{n}\n" for n in range(40))).stdout
    assert "… and 10 more (--json)" in shown


def test_plan_of_empty_input_is_empty() -> None:
    assert document("")["summary"] == dict.fromkeys(
        ("changes", "unrouted", "ignored", "paths", "wildcards", "requests", "cost_usd"), 0
    )
    assert run("").stdout.startswith("0 changes → 0 items in 0 requests")


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
    assert items(text, *arguments) == expected


def test_plan_reads_file_or_standard_input() -> None:
    Path("changes").write_text("s3://site/x\n")
    assert items("", "changes") == items("s3://site/x\n", "-") == ["/x"]


@pytest.mark.parametrize(
    "listing",
    [
        "docs/a.html\ndocs/d.html\nx y.html\n",
        "s3://site/docs/a.html\ns3://site/docs/d.html\ns3://elsewhere/docs/e.html\n",
        json.dumps({"Contents": [{"Key": "docs/a.html", "Size": 1}, {"Key": "docs/d.html", "Size": 1}]}, indent=1),
    ],
)
def test_plan_counts_collateral_by_listing(listing: str) -> None:
    Path("listing").write_text(listing)
    rows = [line.split() for line in run(DOCS, "--listing", "listing").stdout.splitlines()]
    assert ["distribution", "changes", "items", "wildcards", "collateral", "cost"] in rows
    assert ["E1EXAMPLE1ABCD", "3", "3", "0", "0", "$0.015"] in rows
    assert ["docs", "(E3EXAMPLE2ABCD)", "3", "1", "1", "1", "$0.005"] in rows


def test_plan_advises_more_paths_with_cost() -> None:
    Path("listing").write_text("docs/a.html\ndocs/d.html\ndocs/e.html\n")
    assert run(DOCS, "--listing", "listing").stdout.splitlines()[-1] == (
        "docs (E3EXAMPLE2ABCD): with max_paths: 4 it would evict 0 instead of 2 unchanged objects, for $0.010 more"
    )


@pytest.mark.parametrize("options", [(), ("--listing", "listing")])
def test_plan_advises_nothing_without_savings_or_listing(options: tuple[str, ...]) -> None:
    Path("listing").write_text("docs/a.html\nelsewhere/d.html\n")
    assert "max_paths" not in run(DOCS, *options).stdout


@pytest.mark.parametrize(("listed", "expected"), [("docs/a/3", ["/a/1", "/a/2", "/b/*"]), ("docs/b/3", None)])
def test_plan_places_wildcards_by_listing(listed: str, expected: list[str] | None) -> None:
    Path("routes.yaml").write_text(MAP.replace("max_paths: 2", "max_paths: 3"))
    Path("listing").write_text(f"docs/a/1\n{listed}\n")
    text = "".join(f"s3://site/docs/{page}\n" for page in ("a/1", "a/2", "b/1", "b/2"))
    sent = document(text, "--listing", "listing")["invalidations"][1]["items"]
    assert sent == (expected or ["/a/*", "/b/1", "/b/2"])


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
        run(text, *arguments)
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
        run(DOCS, "--listing", "listing")
    assert str(raised.value).startswith(f"listing: the listing {message}")


def test_plan_prints_errors_of_aws_cli_and_skips_them() -> None:
    result = run("upload failed: ./x to s3://site/x An error occurred (AccessDenied)\nupload: ./y to s3://site/y\n")
    assert result.stderr == "purgemap: skipped: upload failed: ./x to s3://site/x An error occurred (AccessDenied)\n"
    assert "1 change → 1 item in 1 request" in result.stdout


def test_plan_sends_one_wildcard_if_everything_changed() -> None:
    Path("routes.yaml").write_text(MAP.replace("- {bucket: site,", "- {bucket: elsewhere,"))
    pages = [f"docs/{n % 9}/{n}.html" for n in range(90)]
    Path("listing").write_text("\n".join(pages))
    shown = run("".join(f"s3://site/{page}\n" for page in pages), "--listing", "listing").stdout
    assert "docs (E3EXAMPLE2ABCD)       90      1          1           0  $0.005" in shown


def test_plan_prints_buckets_of_unrouted_changes() -> None:
    text = "".join(f"s3://other-{n}/x\n" for n in range(7)) + "s3://site/x\n"
    assert run(text).stdout.splitlines()[-1] == (
        "7 changes without a route (in other-0, other-1, other-2, other-3, other-4 and 2 more), 0 events ignored"
    )


def test_plan_suggests_bucket_for_misspelt_one() -> None:
    assert run("s3://feed/x\n").stdout.splitlines()[-2:] == [
        'the map has no bucket feed; did you mean "feeds"?',
        "1 change without a route (in feed), 0 events ignored",
    ]


@pytest.mark.parametrize(
    ("bucket", "instead"),
    [("", "my-site"), ("s3://site", "site"), ("s3://site/docs/", "site"), ("site/docs", "site"), ("a b", "my-site")],
)
def test_plan_rejects_invalid_bucket_with_suggestion(bucket: str, instead: str) -> None:
    with pytest.raises(click.BadParameter) as raised:
        run("x\n", "--bucket", bucket)
    assert raised.value.message == f"{bucket!r} is not a bucket's name; write it alone, as {instead}"


def test_plan_warns_of_bucket_without_listing() -> None:
    Path("routes.yaml").write_text(f"{MAP}  - {{bucket: media, distributions: [docs]}}\n")
    Path("listing").write_text("docs/a.html\ndocs/d.html\n")
    assert run(DOCS, "--listing", "listing").stderr == (
        "purgemap: listing: media feeds E3EXAMPLE2ABCD too, but its objects count as absent; list it\n"
    )
    Path("listing").write_text("s3://site/docs/a.html\ns3://media/cat.jpg\n")
    assert run(DOCS, "--listing", "listing").stderr == ""


def test_plan_warns_if_daily_budget_is_exceeded() -> None:
    Path("routes.yaml").write_text(MAP.replace("max_paths: 1}", "max_paths: 1, max_paths_per_day: 1}"))
    warning = (
        "feeds (E4EXAMPLE2ABCD): 2 paths are more than max_paths_per_day: 1; "
        "the function would send one wildcard per scope instead"
    )
    assert warning in run("s3://feeds/a\n").stdout.splitlines()
    assert "max_paths_per_day" not in run(DOCS).stdout
