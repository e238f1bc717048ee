"""`import purgemap`: the functions of `explain` and `plan`, and what a Lambda function doesn't load of them."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import assert_type

import pytest

import purgemap
from purgemap.cli.explain import explain
from purgemap.cli.plan import plan
from support.commands import invoke
from support.documents import read_document
from support.ids import E1, E2

MAP = f"""\
version: 1
routes:
  - {{bucket: site, exclude: [drafts/*], distributions: [{E1}]}}
  - {{bucket: site, prefix: blog/, distributions: [{E2}]}}
"""
LINES = ["upload: ./a.html to s3://site/blog/a.html", "s3://site/drafts/b", "s3://sute/c"]


@pytest.fixture(autouse=True)
def _in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def route_map() -> purgemap.RouteMap:
    Path("routes.yaml").write_text(MAP)
    return purgemap.load_map("routes.yaml")


def test_library_example_of_the_documents_runs() -> None:
    (map_text,) = re.findall(r"<!-- file: routes.yaml -->\n```yaml\n(.*?)```", read_document("README.md"), re.DOTALL)
    (code,) = re.findall(r"<!-- python -->\n```python\n(.*?)```", read_document("handler/README.md"), re.DOTALL)
    Path("routes.yaml").write_text(map_text)
    exec(code, {})


def test_explain_returns_what_the_command_prints(route_map: purgemap.RouteMap) -> None:
    explanation = purgemap.explain(route_map, "s3://site/blog/a.html", event="deleted")
    assert_type(explanation, purgemap.Explanation)
    printed = invoke(explain, "--routes", "routes.yaml", "s3://site/blog/a.html", "--event", "deleted", "--json")
    assert explanation.document() == json.loads(printed.stdout)
    assert [(match.route, match.distribution) for match in explanation.matches] == [("site/", E1), ("site/blog/", E2)]


def test_plan_returns_what_the_command_prints(route_map: purgemap.RouteMap) -> None:
    planned = purgemap.plan(route_map, LINES)
    assert_type(planned, purgemap.Plan)
    printed = invoke(plan, "--routes", "routes.yaml", "--json", input="\n".join(LINES))
    assert planned.document() == json.loads(printed.stdout)
    assert (planned.summary.changes, planned.summary.unrouted, planned.unmatched) == (3, 2, ("s3://sute/c",))


def test_plan_spares_the_objects_of_a_listing(route_map: purgemap.RouteMap) -> None:
    keys = [f"blog/{number:03}" for number in range(200)]
    planned = purgemap.plan(route_map, keys[:190], bucket="site", listing="\n".join(keys))
    assert sum(invalidation.collateral or 0 for invalidation in planned.invalidations) == 0
    with pytest.raises(purgemap.PurgemapError, match="listing: the listing lacks all 1 object created in site"):
        purgemap.plan(route_map, ["new"], bucket="site", listing="old")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda route_map: purgemap.explain(route_map, "site/a"), "'site/a' is not an S3 URI"),
        (lambda route_map: purgemap.explain(route_map, "s3://site/a", "moved"), "'moved' is not an event"),
        (lambda route_map: purgemap.plan(route_map, ["a"]), "line 1: 'a' is a key"),
        (lambda route_map: purgemap.plan(route_map, "s3://site/a"), r"pass its lines, as text\.split\("),
    ],
)
def test_library_names_a_mistake(route_map: purgemap.RouteMap, call: object, message: str) -> None:
    assert callable(call)
    with pytest.raises(purgemap.PurgemapError, match=message):
        call(route_map)


def test_package_offers_all_names_of_the_library() -> None:
    assert all(hasattr(purgemap, name) for name in purgemap.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = purgemap.nothing  # type: ignore[attr-defined]


def test_function_loads_nothing_of_the_library() -> None:
    code = "import sys, purgemap.lambda_function; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {"purgemap.library", "purgemap.operations"}.isdisjoint(loaded)
