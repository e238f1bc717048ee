"""One example of each rule of planning; each says what CloudFront or a site would suffer without it."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from types import FrameType
from typing import Any

import pytest

from purgemap.planning import BUDGET_LEVELS, Listing, cover_whole_scopes, is_wildcard, plan, reduced_budget
from purgemap.planning.trie import branch_at

Planned = list[list[str]]


def planned(
    items: Iterable[str] | Mapping[str, str | None],
    *,
    paths: int = 150,
    wildcards: int = 10,
    site: Sequence[str] | None = None,
) -> Planned:
    """Plan items, with their scopes or all of the scope `/`; `site` lists the unchanged objects' paths."""
    scopes = items if isinstance(items, Mapping) else dict.fromkeys(items, "/")
    listing = None if site is None else Listing([[path] for path in site])
    return [list(items) for items in plan(scopes, max_paths=paths, max_wildcards=wildcards, listing=listing)]


def test_no_items_are_no_plan() -> None:
    assert planned([]) == []


def test_what_fits_the_budgets_is_sent_as_it_is() -> None:
    assert planned(["/b/2", "/b/1", "/a*", "#tag"], paths=4, wildcards=1) == [["#tag", "/a*", "/b/1", "/b/2"]]


def test_only_a_path_that_ends_in_an_asterisk_is_a_wildcard() -> None:
    assert [item for item in ("#tag*", "/*", "/a*", "/b*c", "/d") if is_wildcard(item)] == ["/*", "/a*"]


def test_tags_count_as_paths() -> None:
    assert planned({"#a": None, "#b": None, "/c": "/"}, paths=2) == [["#a", "#b"], ["/c"]]


def test_tags_that_end_in_an_asterisk_take_no_room_from_wildcards() -> None:
    assert planned({"#a*": None, "#b*": None, "/a.js*": "/"}, wildcards=1) == [["#a*", "#b*", "/a.js*"]]


def test_a_listing_decides_which_folder_loses_least() -> None:
    changed = ["/a/1", "/a/2", "/b/1", "/b/2"]
    assert planned(changed, paths=3, site=["/a/3"]) == [["/a/1", "/a/2", "/b/*"]]
    assert planned(changed, paths=3, site=["/b/3"]) == [["/a/*", "/b/1", "/b/2"]]


def test_a_wildcard_needs_no_folder_to_end_at() -> None:
    changed = ["/post-1.html", "/post-2.html", "/post-3.html"]
    assert planned(changed, paths=1, site=["/about.html"]) == [["/post-*"]]


def test_without_a_listing_the_deeper_and_the_fuller_folder_is_thought_to_hold_less_that_is_unchanged() -> None:
    assert planned(["/a/1", "/a/2", "/b/c/1", "/b/c/2"], paths=3) == [["/a/1", "/a/2", "/b/c/*"]]


def test_of_wildcards_that_evict_nothing_those_go_that_save_most_paths() -> None:
    assert planned([f"/a/{n}" for n in range(9)], paths=5, site=[]) == [["/a/*"]]


@pytest.mark.parametrize(
    ("site", "expected"),
    [
        # `P*` is not trusted to cover P: `/dev/*` was seen to leave `/dev/` stale.
        (["/developers"], ["/dev/", "/dev/*"]),
        # One character less covers it.
        ([], ["/dev*"]),
    ],
)
def test_a_changed_path_is_not_left_to_the_wildcard_that_stands_at_it(site: list[str], expected: list[str]) -> None:
    assert planned(["/dev/", "/dev/1", "/dev/2"], paths=2, site=site) == [expected]


def test_a_wildcard_that_somebody_asked_for_drops_what_it_covers_but_the_path_that_it_stands_at() -> None:
    assert planned(["/dev/*", "/dev/", "/dev/1", "/dev/1*", "/devel"]) == [["/dev/", "/dev/*", "/devel"]]


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
def test_a_wildcard_ends_neither_in_an_escape_nor_in_a_character(changed: list[str], expected: list[str]) -> None:
    assert planned(changed, paths=1, site=[]) == [expected]


def test_more_than_one_wildcard_for_each_scope_would_need_is_sent_in_several_requests() -> None:
    blogs = {f"/{blog}/{post}": f"/{blog}/" for blog in "abc" for post in range(5)}
    assert planned(blogs, paths=2, wildcards=2) == [["/a/*", "/b/*"], ["/c/*"]]


def test_what_has_no_scope_or_lies_outside_its_own_stays_exact() -> None:
    free, outside = {"/feeds/1": None, "/feeds/2": None}, {"/blog": "/blog/", "/blog-2": "/blog/"}
    assert planned({**free, **outside}, paths=2) == [["/blog", "/blog-2"], ["/feeds/1", "/feeds/2"]]


def test_a_path_without_a_scope_is_no_reason_for_a_wildcard_but_covered_by_one() -> None:
    scopes: dict[str, str | None] = {"/blog/1": "/blog/", "/blog/2": "/blog/", "/blog/feed": None}
    assert planned(scopes, paths=1) == [["/blog/*"]]
    assert planned(scopes, paths=2) == [["/blog/*"]]
    assert planned({**scopes, "/blog/2": None}, paths=2) == [["/blog/1", "/blog/2"], ["/blog/feed"]]


def test_forced_wildcards_take_extra_requests_though_the_paths_would_fit() -> None:
    assert planned(["/a.js*", "/b.js*", "/c/d.js*"], wildcards=2, site=["/x"]) == [["/a.js*", "/b.js*"], ["/c/d.js*"]]


def test_more_forced_wildcards_than_extra_requests_hold_become_fewer() -> None:
    apart = [f"/{name}.js*" for name in "bcdefghijklmnopqrstuvwxyzABCD"]
    (*full, last) = planned([*apart, "/a/1.js*", "/a/2.js*"])
    assert [len(items) for items in full] == [10, 10]
    assert {"/a/*", *apart} == {*full[0], *full[1], *last}


def test_a_wildcard_over_others_is_no_more_of_them_than_one() -> None:
    asked = {f"/a/{n}?*": "/a/" for n in range(3)}
    pages = {f"/{blog}/{post}": f"/{blog}/" for blog in "bc" for post in range(9)}
    assert planned({**asked, **pages}, paths=3, wildcards=3) == [["/a/*", "/b/*", "/c/*"]]


def test_a_tag_is_never_covered() -> None:
    assert planned(["#post-1", "#post-2", "/a/1", "/a/2"], paths=3) == [["#post-1", "#post-2", "/a/*"]]
    assert planned(["#a", "#b", "#c"], paths=2) == [["#a", "#b"], ["#c"]]


@pytest.mark.parametrize(
    ("scopes", "expected"),
    [
        ({}, set()),
        ({"/a": "/", "/b/c": "/"}, {"/*"}),
        ({"/blog/a": "/blog/", "/shop/b": "/shop/"}, {"/blog/*", "/shop/*"}),
        ({"/blog/": "/blog/", "/blog/a": "/blog/"}, {"/blog/", "/blog/*"}),
        ({"/blog/": "/blog/"}, {"/blog/"}),
        ({"/blog": "/blog/"}, {"/blog"}),  # outside of its scope
        ({"/bl*": "/blog/"}, {"/bl*"}),  # what a ~ forces may rise above
        ({"/blog/a*": "/blog/", "/blog/*": "/blog/"}, {"/blog/*"}),
        ({"/feed.xml": None, "/blog/a": "/blog/"}, {"/feed.xml", "/blog/*"}),
        ({"#blog": None, "/blog/a": "/blog/"}, {"#blog", "/blog/*"}),
        ({"#page-a": "/blog/", "#page-b": "/blog/"}, {"/blog/", "/blog/*"}),
        ({"#site": None, "/a": "/"}, {"/", "/*"}),
    ],
)
def test_whole_scopes_cover_everything_and_nothing_above(scopes: dict[str, str | None], expected: set[str]) -> None:
    assert cover_whole_scopes(scopes) == expected


def test_an_object_is_evicted_once_under_all_of_its_spellings() -> None:
    listing = Listing([["/a/", "/a/index.html"], ["/b c", "/b+c", "/b%20c"]])
    assert [listing.collateral(stem) for stem in ("/", "/a", "/a/", "/a/i", "/b", "/b+", "/c")] == [2, 1, 1, 1, 1, 1, 0]


def test_each_refusal_halves_what_is_tried_and_never_widens_the_map_s_own_budget() -> None:
    assert [reduced_budget(150, 10, budget_level) for budget_level in range(6)] == [
        *BUDGET_LEVELS,
        BUDGET_LEVELS[-1],
        BUDGET_LEVELS[-1],
    ]
    assert [reduced_budget(40, 3, budget_level) for budget_level in range(4)] == [(40, 3), (40, 3), (30, 2), (10, 1)]


@pytest.mark.parametrize("is_listed", [False, True])
def test_a_plan_looks_at_no_more_branches_of_a_large_deploy_than_of_a_small_one(*, is_listed: bool) -> None:
    assert max(branches_opened(changes, is_listed=is_listed) for changes in (3_000, 10_000, 30_000)) < 3_000


def branches_opened(changes: int, *, is_listed: bool) -> int:
    """Count the branches of the tree that a plan of a blog's posts looks at, however long it takes."""
    posts = [f"/{2000 + n % 7}/{n // 7 % 12:02}/{n:05}/" for n in range(changes // 3)]
    scopes = {f"{post}{name}": "/" for post in posts for name in ("", "index.html", "photo.jpg")}
    listing = Listing([[f"{post}notes.txt"] for post in posts[::2]]) if is_listed else None
    opened = 0

    def count(frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal opened
        opened += event == "call" and frame.f_code.co_name == branch_at.__name__

    sys.setprofile(count)
    try:
        plan(scopes, max_paths=150, max_wildcards=10, listing=listing)
    finally:
        sys.setprofile(None)
    assert opened > 0
    return opened
