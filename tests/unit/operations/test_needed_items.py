"""Which invalidations make the items of objects fresh."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import LoadMap
from purgemap.events import ObjectChange
from purgemap.jobs import Job, PendingJob
from purgemap.operations.needed_items import ItemCoverage, Need, build_need, counts_after, list_needs
from purgemap.planning import cover_whole_scopes, plan
from purgemap.routemap import Distribution
from purgemap.routing import Router
from support.ids import E1, E2
from support.oracles.planning import uncovered
from support.planning_strategies import BUDGETS, ITEMS, scoped_items

MAP = f"""
version: 1
routes:
  - {{bucket: site, distributions: [{E1}], invalidate: ["{{path}}", "#page-{{key}}"]}}
  - {{bucket: site, prefix: docs/, distributions: [{E2}]}}
"""


def change(key: str, event: str = "created") -> ObjectChange:
    return ObjectChange("site", key, event, "", "")


def coverage(*items: str, substitutes: dict[str, tuple[str, str]] | None = None) -> ItemCoverage:
    need = Need(Distribution(E1), dict.fromkeys(items, 100.0), substitutes or {})
    return ItemCoverage(need)


def test_needs_keep_the_latest_time_of_an_item(map_from_yaml: LoadMap) -> None:
    changes = {change("docs/index.html"): 20.0, change("docs/", "deleted"): 30.0, change("a"): 10.0}
    first, second = list_needs(changes, Router(map_from_yaml(MAP)))
    assert (first.distribution.id, second.distribution.id) == (E1, E2)
    assert second.counts_from == {"/docs/": 30, "/docs/index.html": 20}
    assert first.counts_from == {
        "/docs/": 30,
        "#page-docs/": 30,
        "/docs/index.html": 20,
        "#page-docs/index.html": 20,
        "/a": 10,
        "#page-a": 10,
    }
    assert first.substitutes["#page-a"] == ("/", "/*")


@pytest.mark.parametrize(
    ("sent", "missing"),
    [
        (["/a/"], ["/a/b", "/a/b*"]),
        (["/a/*"], ["/a/"]),
        (["/a/*", "/a/"], []),
        (["/a*"], []),
        (["/a/b*"], ["/a/", "/a/b"]),
        (["/a/b"], ["/a/", "/a/b*"]),
        (["#/a/", "/A/*"], ["/a/", "/a/b", "/a/b*"]),
    ],
)
def test_coverage_does_not_trust_a_wildcard_for_its_stem(sent: list[str], missing: list[str]) -> None:
    items = coverage("/a/", "/a/b", "/a/b*")
    items.add(sent, 100)
    assert items.missing == missing


def test_coverage_ignores_invalidations_before_the_change() -> None:
    items = coverage("/a")
    items.add(["/a"], 99.999)
    assert (items.missing, items.fresh) == (["/a"], [])
    items.add(["/a"], 100)
    assert (items.missing, items.fresh) == ([], ["/a"])


def test_coverage_adds_up_over_invalidations() -> None:
    items = coverage("/a", "/b", "/c")
    for sent in (["/a"], ["/x"], ["/b*", "/b"]):
        items.add(sent, 200)
    assert items.missing == ["/c"]


@pytest.mark.parametrize(
    ("sent", "is_fresh"),
    [
        ([["#t"]], True),
        ([["/docs/*"]], False),
        ([["/docs/*"], ["/docs/"]], True),
        ([["/*", "/"]], True),
        ([["/docs/x*", "/docs/"]], False),
    ],
)
def test_coverage_of_a_tag_by_its_scope(sent: list[list[str]], is_fresh: bool) -> None:  # noqa: FBT001
    items = coverage("#t", substitutes={"#t": ("/docs/", "/docs/*")})
    for each in sent:
        items.add(each, 100)
    assert items.missing == ([] if is_fresh else ["#t"])


@pytest.mark.parametrize(("changed", "counts"), [(100.0, 101.0), (100.9, 101.0), (101.0, 102.0)])
def test_invalidation_counts_from_the_next_second_on(changed: float, counts: float) -> None:
    assert counts_after(changed) == counts


SCOPES = scoped_items(max_size=8)


def need_of(scopes: dict[str, str | None]) -> Need:
    distribution = Distribution(E1)
    return build_need(PendingJob(Job(E1, scopes, ("source",), 0, 1), distribution), 100.0)


@given(SCOPES, st.lists(st.lists(ITEMS, max_size=5), max_size=4))
def test_coverage_equals_the_oracle_for_paths(scopes: dict[str, str | None], sent: list[list[str]]) -> None:
    paths = {item: scope for item, scope in scopes.items() if item[0] == "/"}
    items = ItemCoverage(need_of(paths))
    for each in sent:
        items.add(each, 100)
    assert items.missing == sorted(uncovered(paths, (item for each in sent for item in each if item[0] == "/")))


@given(SCOPES, BUDGETS)
def test_every_plan_of_the_service_makes_its_items_fresh(
    scopes: dict[str, str | None], budget: tuple[int, int]
) -> None:
    paths, wildcards = budget
    for requests in (
        plan(scopes, max_paths=paths, max_wildcards=wildcards),
        [(item,) for item in cover_whole_scopes(scopes)],  # beyond max_paths_per_day
    ):
        items = ItemCoverage(need_of(scopes))
        for request in requests:
            items.add(request, 100)
        assert items.missing == []
