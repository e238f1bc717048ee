"""`purgemap plan`: the printed plan, its advice and the JSON document."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from support.payloads import s3_event
from support.plans import DOCS, MAP, ROLE, planned_document, run_plan


@pytest.fixture(autouse=True)
def _map_file(_in_empty_folder: None) -> None:
    Path("routes.yaml").write_text(MAP)


def test_plan_json_has_fixed_shape() -> None:
    ignored = {**s3_event("site", "x"), "detail-type": "Object Tags Added"}
    assert planned_document(f"{DOCS}{json.dumps(ignored)}\ndelete: s3://other/gone\n") == {
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
    shown = run_plan(f"{DOCS}delete: s3://other/gone\n").stdout
    assert shown.splitlines()[-4:] == [
        "E1EXAMPLE1ABCD               3      3          0  $0.015",
        "docs (E3EXAMPLE2ABCD)        3      1          1  $0.005",
        "4 changes → 4 items in 2 requests, $0.020 before the account's free 1,000 paths a month",
        "1 change without a route (in other), 0 events ignored",
    ]


def test_plan_prints_one_line_for_several_requests() -> None:
    shown = run_plan("s3://feeds/1\n").stdout
    assert [line.split() for line in shown.splitlines() if line[0] in "df"][-2:] == [
        ["distribution", "changes", "items", "wildcards", "requests", "cost"],
        ["feeds", "(E4EXAMPLE2ABCD)", "1", "2", "0", "2", "$0.010"],
    ]


def test_plan_counts_items_beyond_limit() -> None:
    shown = run_plan("".join(f"s3://site/{n}\n" for n in range(40))).stdout
    assert "… and 10 more (--json)" in shown


def test_plan_of_empty_input_is_empty() -> None:
    assert planned_document("")["summary"] == dict.fromkeys(
        ("changes", "unrouted", "ignored", "paths", "wildcards", "requests", "cost_usd"), 0
    )
    assert run_plan("").stdout.startswith("0 changes → 0 items in 0 requests")


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
    rows = [line.split() for line in run_plan(DOCS, "--listing", "listing").stdout.splitlines()]
    assert ["distribution", "changes", "items", "wildcards", "collateral", "cost"] in rows
    assert ["E1EXAMPLE1ABCD", "3", "3", "0", "0", "$0.015"] in rows
    assert ["docs", "(E3EXAMPLE2ABCD)", "3", "1", "1", "1", "$0.005"] in rows


def test_plan_advises_more_paths_with_cost() -> None:
    Path("listing").write_text("docs/a.html\ndocs/d.html\ndocs/e.html\n")
    assert run_plan(DOCS, "--listing", "listing").stdout.splitlines()[-1] == (
        "docs (E3EXAMPLE2ABCD): with max_paths: 4 it would evict 0 instead of 2 unchanged objects, for $0.010 more"
    )


@pytest.mark.parametrize("options", [(), ("--listing", "listing")])
def test_plan_advises_nothing_without_savings_or_listing(options: tuple[str, ...]) -> None:
    Path("listing").write_text("docs/a.html\nelsewhere/d.html\n")
    assert "max_paths" not in run_plan(DOCS, *options).stdout


@pytest.mark.parametrize(("listed", "expected"), [("docs/a/3", ["/a/1", "/a/2", "/b/*"]), ("docs/b/3", None)])
def test_plan_places_wildcards_by_listing(listed: str, expected: list[str] | None) -> None:
    Path("routes.yaml").write_text(MAP.replace("max_paths: 2", "max_paths: 3"))
    Path("listing").write_text(f"docs/a/1\n{listed}\n")
    text = "".join(f"s3://site/docs/{page}\n" for page in ("a/1", "a/2", "b/1", "b/2"))
    sent = planned_document(text, "--listing", "listing")["invalidations"][1]["items"]
    assert sent == (expected or ["/a/*", "/b/1", "/b/2"])


def test_plan_sends_one_wildcard_if_everything_changed() -> None:
    Path("routes.yaml").write_text(MAP.replace("- {bucket: site,", "- {bucket: elsewhere,"))
    pages = [f"docs/{n % 9}/{n}.html" for n in range(90)]
    Path("listing").write_text("\n".join(pages))
    shown = run_plan("".join(f"s3://site/{page}\n" for page in pages), "--listing", "listing").stdout
    assert "docs (E3EXAMPLE2ABCD)       90      1          1           0  $0.005" in shown


def test_plan_warns_if_daily_budget_is_exceeded() -> None:
    Path("routes.yaml").write_text(MAP.replace("max_paths: 1}", "max_paths: 1, max_paths_per_day: 1}"))
    warning = (
        "feeds (E4EXAMPLE2ABCD): 2 paths are more than max_paths_per_day: 1; "
        "the function would send one wildcard per scope instead"
    )
    assert warning in run_plan("s3://feeds/a\n").stdout.splitlines()
    assert "max_paths_per_day" not in run_plan(DOCS).stdout


def test_plan_shows_whole_sites() -> None:
    document = json.loads(run_plan("", "--json", "--site", "site/docs/").stdout)
    assert {each["distribution"]: each["items"] for each in document["invalidations"]} == {
        "E1EXAMPLE1ABCD": ["/docs/", "/docs/*"],
        "E3EXAMPLE2ABCD": ["/", "/*"],
    }


def test_plan_of_changes_loads_no_botocore() -> None:
    code = "import sys, purgemap.cli.plan; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "purgemap.planning" in loaded
    assert "botocore" not in loaded
