"""Plans of a few edits never evict a folder; they take more requests instead."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from purgemap.events import ObjectChange
from purgemap.paths import build_jobs
from purgemap.planning import BUDGET_LEVELS, Listing, is_wildcard, plan, reduced_budget
from purgemap.routemap import load_map
from purgemap.routing import Router

PAGES = "query_strings: true"
IMAGES = 'invalidate: ["{path}", "/thumbnails{path}*"]'

FEW_EDITS = {
    "pages-with-query-strings": (PAGES, [f"{name}/index.html" for name in "abcdefghijk"]),
    "pages-of-one-folder": (PAGES, [f"blog/post-{n}/index.html" for n in range(15)]),
    "lock-files-in-folders": ("events: [created, deleted]", [f"{name}/~$draft.docx" for name in "abcdefghijk"]),
    "lock-files-below-a-folder": ("clean_urls: true", [f"docs/team-{n:02}/~$draft.docx" for n in range(11)]),
    "images-with-thumbnails": (IMAGES, [f"photos/{n:02}.jpg" for n in range(11)]),
    "images-at-the-root": (IMAGES, [f"{name}.jpg" for name in "abcdefghijklmnopqrst"]),
}
few_edits = pytest.mark.parametrize(("options", "keys"), FEW_EDITS.values(), ids=FEW_EDITS)


def build_scopes(folder: Path, options: str, keys: Iterable[str]) -> Mapping[str, str | None]:
    """Return the items of changed keys with their scopes, by a map of one route."""
    file = folder / "routes.yaml"
    file.write_text(f"{{version: 1, routes: [{{bucket: site, distributions: [E1EXAMPLE1ABCD], {options}}}]}}")
    changes = [ObjectChange("site", key, "created", "", "") for key in keys]
    (pending,) = build_jobs(Router(load_map(file)).route(changes), now=0).pending
    return pending.job.scopes


def plan_requests(
    scopes: Mapping[str, str | None], *, budget_level: int = 0, site: Iterable[str] | None = None
) -> list[list[str]]:
    paths, wildcards = reduced_budget(*BUDGET_LEVELS[0], budget_level)
    listing = None if site is None else Listing([[path] for path in site])
    plans = plan(scopes, max_paths=paths, max_wildcards=wildcards, listing=listing)
    assert all(len(items) <= paths and sum(map(is_wildcard, items)) <= wildcards for items in plans)
    return [list(items) for items in plans]


@pytest.mark.parametrize("site", [None, ["/about.html", "/c/photo.jpg"]], ids=["unlisted", "listed"])
@few_edits
def test_plan_sends_few_edits_as_they_are(
    tmp_path: Path, options: str, keys: list[str], site: list[str] | None
) -> None:
    scopes = build_scopes(tmp_path, options, keys)
    requests = plan_requests(scopes, site=site)
    assert sorted(item for items in requests for item in items) == sorted(scopes)
    assert len(requests) <= 3


@pytest.mark.parametrize("budget_level", range(1, len(BUDGET_LEVELS)))
def test_plan_sends_ten_forced_wildcards_at_each_level(tmp_path: Path, budget_level: int) -> None:
    scopes = build_scopes(tmp_path, "clean_urls: true", [f"{name}/~$draft.docx" for name in "abcdefghij"])
    assert sorted(item for items in plan_requests(scopes, budget_level=budget_level) for item in items) == sorted(
        scopes
    )


def test_plan_merges_forty_edits_only_as_required(tmp_path: Path) -> None:
    names = [chr(97 + n % 20) + str(n // 20) for n in range(40)]
    scopes = build_scopes(tmp_path, "clean_urls: true", [f"{name}/~$draft.docx" for name in names])
    requests = plan_requests(scopes)
    items = [item for request in requests for item in request]
    assert (len(requests), len(items), "/*" in items) == (3, 30, False)


def test_plan_reserves_wildcards_for_a_deploy(tmp_path: Path) -> None:
    deploy = [f"blog/{year}/{post}.html" for year in range(2010, 2020) for post in range(40)]
    locks = [f"{name}/~$draft.docx" for name in "acdefghijk"]
    forced = {f"/{name}/*" for name in "acdefghijk"}
    requests = plan_requests(build_scopes(tmp_path, "clean_urls: false", [*deploy, *locks]))
    items = {item for request in requests for item in request}
    assert len(requests) == 2
    assert forced < items
    assert all(item.startswith("/blog/201") for item in items - forced)


def test_plan_takes_no_extra_request_for_exact_paths() -> None:
    assert len(plan_requests(dict.fromkeys((f"/{n}.html" for n in range(151)), "/"))) == 1
