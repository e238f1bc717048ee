"""Plans with object counts per folder: the estimate, and what no count may change."""

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from purgemap.planning import FolderCounts, plan, plan_job
from purgemap.planning.folder_counts import CountedSite
from support.delivery import build_job
from support.ids import E1
from support.oracles.planning import is_allowed, pruned, uncovered
from support.planning_strategies import BUDGETS, PATHS, scoped_items

HUGE = 10**30
SHOP = {"/": 3, "/a/": 40, "/a/b/": 10, "/c/*": 1_000}

# Of the same folders and of others, folded ones, and keys that are no folders at all.
_FOLDERS = st.one_of(
    PATHS, PATHS.map(lambda path: f"{path}/"), PATHS.map(lambda path: f"{path}/*"), st.text(max_size=3)
)
COUNTS = st.dictionaries(_FOLDERS, st.sampled_from((0, 1, 7, 1_000, HUGE)), max_size=12)

Scopes = Mapping[str, str | None]


@settings(max_examples=4 * settings().max_examples)
@given(scoped_items(max_size=40), BUDGETS, COUNTS)
def test_plan_covers_every_item_whatever_the_counts(
    scopes: Scopes, budget: tuple[int, int], counts: FolderCounts
) -> None:
    plans = plan(scopes, max_paths=budget[0], max_wildcards=budget[1], load_counts=lambda: counts)
    uncounted = plan(scopes, max_paths=budget[0], max_wildcards=budget[1])
    items = [item for request in plans for item in request]
    assert uncovered(scopes, items) == []
    for request in plans:
        assert 0 < len(request) <= budget[0]
        assert sum(item[0] == "/" and item[-1] == "*" for item in request) <= min(budget)
    assert all(item in scopes or is_allowed(item[:-1], pruned(scopes), scopes) for item in items)
    assert len(plans) == len(uncounted)


@given(scoped_items(max_size=20), PATHS, COUNTS)
def test_site_estimates_at_least_nothing(scopes: Scopes, prefix: str, counts: FolderCounts) -> None:
    items = sorted(item for item in scopes if item[0] == "/")
    assert CountedSite(counts, items).collateral(prefix) >= 0


@pytest.mark.parametrize(
    ("prefix", "items", "unchanged"),
    [
        ("/", ["/a/1", "/a/2"], 3 + 38 + 10 + 1_000),
        ("/a/", ["/a/1", "/a/2"], 38 + 10),
        ("/a/b/", ["/a/1", "/a/2"], 10),
        ("/a/b/", ["/a/b/", "/a/b/index.html"], 9),  # two paths of one object
        ("/a/b/", ["/a/b/x", "/a/b/x.html"], 9),  # a clean URL
        ("/a/", [f"/a/{number}" for number in range(99)], 10),  # more than were counted
        ("/a/x", ["/a/x1", "/a/x2", "/a/y1", "/a/y2"], 36 // 2),  # as dense as the changes
        ("/a/x", ["/a/y1"], 0),
        ("/c/d/", ["/c/d/1", "/c/e/1", "/c/e/2", "/c/f"], 996 // 4),  # of a folder that counts all below it
        ("/new/", ["/new/1"], 9),  # the median of the folders, without the change
    ],
)
def test_site_estimates_unchanged_objects(prefix: str, items: list[str], unchanged: int) -> None:
    assert CountedSite(SHOP, items).collateral(prefix) == unchanged


@pytest.mark.parametrize("emptier", ["a", "b"])
def test_plan_prefers_the_folder_that_evicts_less(emptier: str) -> None:
    counts = {"/a/": 1_000, "/b/": 1_000, f"/{emptier}/": 4}
    scopes = dict.fromkeys([f"/{folder}/{number}" for folder in "ab" for number in range(3)], "/")
    (request,) = plan(scopes, max_paths=4, max_wildcards=1, load_counts=lambda: counts)
    assert f"/{emptier}/*" in request


@pytest.mark.parametrize("number_of_items", [1, 150, 151])
def test_plan_job_loads_counts_only_to_choose_wildcards(number_of_items: int) -> None:
    loaded: list[str] = []
    job = build_job(*(f"/{number}" for number in range(number_of_items)))

    def counts_of(distribution: str) -> FolderCounts:
        loaded.append(distribution)
        return {}

    plan_job(job, 150, 10, counts_of=counts_of)
    assert loaded == ([E1] if number_of_items > 150 else [])
