"""Examples of the rules of planning."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from types import FrameType
from typing import Any

import pytest

from purgemap.planning import BUDGET_LEVELS, Listing, cover_whole_scopes, is_wildcard, plan, reduced_budget
from purgemap.planning.trie import branch_at

Requests = list[list[str]]


def plan_items(
    items: Iterable[str] | Mapping[str, str | None],
    *,
    paths: int = 150,
    wildcards: int = 10,
    site: Sequence[str] | None = None,
) -> Requests:
    """Plan items with their scopes, or all with the scope `/`; `site` lists the paths of unchanged objects."""
    scopes = items if isinstance(items, Mapping) else dict.fromkeys(items, "/")
    listing = None if site is None else Listing([[path] for path in site])
    return [list(items) for items in plan(scopes, max_paths=paths, max_wildcards=wildcards, listing=listing)]


def test_plan_of_no_items_is_empty() -> None:
    assert plan_items([]) == []


def test_plan_sends_items_within_budgets_as_they_are() -> None:
    assert plan_items(["/b/2", "/b/1", "/a*", "#tag"], paths=4, wildcards=1) == [["#tag", "/a*", "/b/1", "/b/2"]]


def test_is_wildcard_only_for_a_path_that_ends_in_asterisk() -> None:
    assert [item for item in ("#tag*", "/*", "/a*", "/b*c", "/d") if is_wildcard(item)] == ["/*", "/a*"]


def test_plan_counts_tags_as_paths() -> None:
    assert plan_items({"#a": None, "#b": None, "/c": "/"}, paths=2) == [["#a", "#b"], ["/c"]]


def test_plan_counts_no_tag_as_a_wildcard() -> None:
    assert plan_items({"#a*": None, "#b*": None, "/a.js*": "/"}, wildcards=1) == [["#a*", "#b*", "/a.js*"]]


def test_plan_with_a_listing_evicts_least() -> None:
    changed = ["/a/1", "/a/2", "/b/1", "/b/2"]
    assert plan_items(changed, paths=3, site=["/a/3"]) == [["/a/1", "/a/2", "/b/*"]]
    assert plan_items(changed, paths=3, site=["/b/3"]) == [["/a/*", "/b/1", "/b/2"]]


def test_plan_ends_wildcards_anywhere_in_a_name() -> None:
    changed = ["/post-1.html", "/post-2.html", "/post-3.html"]
    assert plan_items(changed, paths=1, site=["/about.html"]) == [["/post-*"]]


def test_plan_prefers_deeper_folder_without_listing() -> None:
    assert plan_items(["/a/1", "/a/2", "/b/c/1", "/b/c/2"], paths=3) == [["/a/1", "/a/2", "/b/c/*"]]


def test_plan_uses_a_branch_that_saves_little_if_required() -> None:
    # A wildcard for each folder saves 100 paths; without that of the small one, no plan does.
    scopes = {**{f"/a/{n}": "/a/" for n in range(100)}, "/b/0": "/b/", "/b/1": "/b/"}
    assert plan_items(scopes, paths=2, wildcards=2) == [["/a/*", "/b/*"]]


def test_plan_uses_a_branch_that_saves_little_if_cheaper() -> None:
    # `/a/*` saves 99 of the 100 paths. `/c/*` saves the last one as well, and is estimated to evict thirty times more.
    large, other = [f"/a/{n}" for n in range(100)], [f"/c/{n}" for n in range(20)]
    (items,) = plan_items([*large, "/b/x/1", "/b/x/2", *other], paths=22, wildcards=2)
    assert [item for item in items if item.endswith("*")] == ["/a/*", "/b/x/*"]


def test_plan_saves_most_paths_if_nothing_is_evicted() -> None:
    assert plan_items([f"/a/{n}" for n in range(9)], paths=5, site=[]) == [["/a/*"]]


@pytest.mark.parametrize(
    ("site", "expected"),
    [
        # `P*` is not trusted to cover P: `/dev/*` was seen to leave `/dev/` stale.
        (["/developers"], ["/dev/", "/dev/*"]),
        # A wildcard that is one character shorter covers it.
        ([], ["/dev*"]),
    ],
)
def test_plan_covers_no_path_by_the_wildcard_at_it(site: list[str], expected: list[str]) -> None:
    assert plan_items(["/dev/", "/dev/1", "/dev/2"], paths=2, site=site) == [expected]


def test_plan_drops_items_under_a_forced_wildcard() -> None:
    assert plan_items(["/dev/*", "/dev/", "/dev/1", "/dev/1*", "/devel"]) == [["/dev/", "/dev/*", "/devel"]]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (["/%C3%A9", "/%C3%AA"], ["/*"]),
        (["/a%C3%A9", "/a%C3%AA", "/a%C3%AB"], ["/a*"]),
        (["/a%20b", "/a%25b"], ["/a*"]),
        (["/%C3%A9a", "/%C3%A9b"], ["/%C3%A9*"]),
        (["/%F0%9F%98%80", "/%F0%9F%98%81"], ["/*"]),
    ],
)
def test_plan_ends_wildcards_at_whole_characters(changed: list[str], expected: list[str]) -> None:
    assert plan_items(changed, paths=1, site=[]) == [expected]


def test_plan_takes_requests_for_a_wildcard_of_each_scope() -> None:
    blogs = {f"/{blog}/{post}": f"/{blog}/" for blog in "abc" for post in range(5)}
    assert plan_items(blogs, paths=2, wildcards=2) == [["/a/*", "/b/*"], ["/c/*"]]


def test_plan_keeps_items_outside_scopes_exact() -> None:
    free, outside = {"/feeds/1": None, "/feeds/2": None}, {"/blog": "/blog/", "/blog-2": "/blog/"}
    assert plan_items({**free, **outside}, paths=2) == [["/blog", "/blog-2"], ["/feeds/1", "/feeds/2"]]


def test_plan_covers_unscoped_paths_without_widening() -> None:
    scopes: dict[str, str | None] = {"/blog/1": "/blog/", "/blog/2": "/blog/", "/blog/feed": None}
    assert plan_items(scopes, paths=1) == [["/blog/*"]]
    assert plan_items(scopes, paths=2) == [["/blog/*"]]
    assert plan_items({**scopes, "/blog/2": None}, paths=2) == [["/blog/1", "/blog/2"], ["/blog/feed"]]


def test_plan_takes_extra_requests_for_forced_wildcards() -> None:
    assert plan_items(["/a.js*", "/b.js*", "/c/d.js*"], wildcards=2, site=["/x"]) == [
        ["/a.js*", "/b.js*"],
        ["/c/d.js*"],
    ]


def test_plan_merges_forced_wildcards_beyond_extra_requests() -> None:
    apart = [f"/{name}.js*" for name in "bcdefghijklmnopqrstuvwxyzABCD"]
    (*full, last) = plan_items([*apart, "/a/1.js*", "/a/2.js*"])
    assert [len(items) for items in full] == [10, 10]
    assert {"/a/*", *apart} == {*full[0], *full[1], *last}


def test_plan_counts_a_wildcard_over_forced_ones_once() -> None:
    query_wildcards = {f"/a/{n}?*": "/a/" for n in range(3)}
    pages = {f"/{blog}/{post}": f"/{blog}/" for blog in "bc" for post in range(9)}
    assert plan_items({**query_wildcards, **pages}, paths=3, wildcards=3) == [["/a/*", "/b/*", "/c/*"]]


def test_plan_covers_no_tag() -> None:
    assert plan_items(["#post-1", "#post-2", "/a/1", "/a/2"], paths=3) == [["#post-1", "#post-2", "/a/*"]]
    assert plan_items(["#a", "#b", "#c"], paths=2) == [["#a", "#b"], ["#c"]]


@pytest.mark.parametrize(
    ("scopes", "expected"),
    [
        ({}, set()),
        ({"/a": "/", "/b/c": "/"}, {"/*"}),
        ({"/blog/a": "/blog/", "/shop/b": "/shop/"}, {"/blog/*", "/shop/*"}),
        ({"/blog/": "/blog/", "/blog/a": "/blog/"}, {"/blog/", "/blog/*"}),
        ({"/blog/": "/blog/"}, {"/blog/"}),
        ({"/blog": "/blog/"}, {"/blog"}),  # outside its scope
        ({"/bl*": "/blog/"}, {"/bl*"}),  # a ~ may require a wildcard above the scope
        ({"/blog/a*": "/blog/", "/blog/*": "/blog/"}, {"/blog/*"}),
        ({"/feed.xml": None, "/blog/a": "/blog/"}, {"/feed.xml", "/blog/*"}),
        ({"#blog": None, "/blog/a": "/blog/"}, {"#blog", "/blog/*"}),
        ({"#page-a": "/blog/", "#page-b": "/blog/"}, {"/blog/", "/blog/*"}),
        ({"#site": None, "/a": "/"}, {"/", "/*"}),
    ],
)
def test_cover_whole_scopes_covers_items_within_their_scopes(scopes: dict[str, str | None], expected: set[str]) -> None:
    assert cover_whole_scopes(scopes) == expected


def test_listing_counts_an_object_once_under_all_its_paths() -> None:
    listing = Listing([["/a/", "/a/index.html"], ["/b c", "/b+c", "/b%20c"]])
    assert [listing.collateral(stem) for stem in ("/", "/a", "/a/", "/a/i", "/b", "/b+", "/c")] == [2, 1, 1, 1, 1, 1, 0]


def test_reduced_budget_shrinks_and_never_exceeds_the_map() -> None:
    assert [reduced_budget(150, 10, budget_level) for budget_level in range(6)] == [
        *BUDGET_LEVELS,
        BUDGET_LEVELS[-1],
        BUDGET_LEVELS[-1],
    ]
    assert [reduced_budget(40, 3, budget_level) for budget_level in range(4)] == [(40, 3), (40, 3), (30, 2), (10, 1)]


@pytest.mark.parametrize("is_listed", [False, True])
def test_plan_opens_no_more_branches_for_a_large_deploy(*, is_listed: bool) -> None:
    assert max(count_opened_branches(changes, is_listed=is_listed) for changes in (3_000, 10_000, 30_000)) < 3_000


def count_opened_branches(changes: int, *, is_listed: bool) -> int:
    """Count the branches that the plan of a blog's posts opens; time would depend on the machine."""
    posts = [f"/{2000 + n % 7}/{n // 7 % 12:02}/{n:05}/" for n in range(changes // 3)]
    scopes = {f"{post}{name}": "/" for post in posts for name in ("", "index.html", "photo.jpg")}
    listing = Listing([[f"{post}notes.txt"] for post in posts[::2]]) if is_listed else None
    opened_branches = 0

    def count(frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal opened_branches
        opened_branches += event == "call" and frame.f_code.co_name == branch_at.__name__

    sys.setprofile(count)
    try:
        plan(scopes, max_paths=150, max_wildcards=10, listing=listing)
    finally:
        sys.setprofile(None)
    assert opened_branches > 0
    return opened_branches


def test_reduced_budget_of_level_zero_is_the_maps() -> None:
    assert reduced_budget(3_000, 15, 0) == (3_000, 15)
    assert reduced_budget(3_000, 15, 1) == (75, 5)
