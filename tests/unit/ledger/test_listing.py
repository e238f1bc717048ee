"""The ledger as a listing: used for plans that choose wildcards, and only if it knows about all objects of a site."""

from collections.abc import Callable
from typing import Any

from conftest import LoadMap
from purgemap.jobs import Job
from purgemap.planning import FolderCounts
from support.delivery import build_rate_limit
from support.ids import E1, E2
from support.ledger_site import BUCKET, LedgerSite

MAP = f"""
version: 1
routes:
  - {{name: all, bucket: {BUCKET}, distributions: [{E1}], skip_unchanged: true}}
"""

# Ten wildcards must do for 300 changes: two folders of many changes have few other objects, one has many.
CHANGED = [f"{folder}/page-{number}.html" for folder in ("news", "shop", "docs") for number in range(100)]
UNCHANGED = [f"docs/old-{number}.html" for number in range(400)]


class Counts:
    """The folder counts of a deployment."""

    def __init__(self, counts: FolderCounts) -> None:
        self._counts = counts

    def counts_of(self, _distribution: str) -> FolderCounts:
        return self._counts


def deploy(site: LedgerSite, keys: list[str], content: str = "after") -> tuple[list[str], list[str]]:
    """Upload objects in one batch; return the wildcards sent, and the names of the table's calls."""
    site.process(*[site.upload(key, content) for key in keys])
    wildcards = [item for _, items, _ in site.cloudfront.calls for item in items if item.endswith("*")]
    return wildcards, [name for name, _ in site.table.calls]


def known_site(load: LoadMap, text: str = MAP) -> LedgerSite:
    site = LedgerSite(load(text))
    deploy(site, [*CHANGED, *UNCHANGED], "before")
    return site


def test_listing_keeps_wildcards_off_unchanged_objects(map_from_yaml: LoadMap) -> None:
    wildcards, calls = deploy(known_site(map_from_yaml), CHANGED)
    assert wildcards
    assert calls.count("keys") == 1
    assert not [item for item in wildcards if any(f"/{key}".startswith(item[:-1]) for key in UNCHANGED)]


def test_few_changes_need_no_listing(map_from_yaml: LoadMap) -> None:
    wildcards, calls = deploy(known_site(map_from_yaml), CHANGED[:100])
    assert wildcards == []
    assert "keys" not in calls


def test_distribution_with_another_route_has_no_listing(map_from_yaml: LoadMap) -> None:
    other = f"  - {{name: docs, bucket: {BUCKET}, prefix: docs/, distributions: [{E1}]}}\n"
    _, calls = deploy(known_site(map_from_yaml, MAP + other), CHANGED)
    assert "keys" not in calls


def test_other_distribution_does_not_prevent_a_listing(map_from_yaml: LoadMap) -> None:
    other = f"  - {{name: docs, bucket: {BUCKET}, prefix: docs/, distributions: [{E2}]}}\n"
    _, calls = deploy(known_site(map_from_yaml, MAP + other), CHANGED)
    assert calls.count("keys") == 1


def test_bucket_pattern_has_no_listing(map_from_yaml: LoadMap) -> None:
    _, calls = deploy(known_site(map_from_yaml, MAP.replace(f"bucket: {BUCKET}", 'bucket: "si*"')), CHANGED)
    assert "keys" not in calls


def test_nested_prefixes_are_listed_once(map_from_yaml: LoadMap) -> None:
    other = f"  - {{name: docs, bucket: {BUCKET}, prefix: docs/, distributions: [{E1}], skip_unchanged: true}}\n"
    _, calls = deploy(known_site(map_from_yaml, MAP + other), CHANGED)
    assert calls.count("keys") == 1


def assert_ledger_is_no_listing(load: LoadMap, change: Callable[[LedgerSite], Any], counts: Counts | None) -> None:
    """The plan is that of a table that cannot be queried."""
    changed, unreadable = known_site(load), known_site(load)
    for site in (changed, unreadable):
        site.service = site.service._replace(folder_counts=counts)  # type: ignore[arg-type]
    unreadable.table.list_keys = lambda *_: None  # type: ignore[method-assign]
    change(changed)
    assert deploy(changed, CHANGED)[0] == deploy(unreadable, CHANGED)[0]


def test_table_with_few_objects_is_no_listing(map_from_yaml: LoadMap) -> None:
    def forget(site: LedgerSite) -> None:
        for key in UNCHANGED[200:]:
            del site.table.rows[BUCKET, key]

    assert_ledger_is_no_listing(map_from_yaml, forget, None)


def test_table_with_less_than_the_counts_is_no_listing(map_from_yaml: LoadMap) -> None:
    counts = Counts({"/docs/": 500, "/news/": 100, "/shop/": 100, "/news/archive/": 400})
    assert_ledger_is_no_listing(map_from_yaml, lambda _: None, counts)


def test_listings_of_a_batch_share_their_seconds(map_from_yaml: LoadMap) -> None:
    site = LedgerSite(map_from_yaml(MAP))
    deadlines = []

    def keys(_bucket: str, _prefix: str, deadline: float, _limit: int) -> None:
        deadlines.append(deadline - site.clock())
        site.clock.advance(3)

    site.table.list_keys = keys  # type: ignore[method-assign,assignment]
    ledger = site.service.ledger
    assert ledger is not None
    listings = ledger.open_listings(site.service.router, build_rate_limit()._replace(now=site.clock), None)
    job = Job(distribution=E1, scopes={"/a": "/"}, sources=("m-1",), oldest_event_time=0.0, changes=1)
    assert [listings.listing_of(job) for _ in range(2)] == [None, None]
    assert deadlines == [5, 2]
