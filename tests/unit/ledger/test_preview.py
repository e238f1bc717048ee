"""What `plan --ledger` counts as unchanged, of uploads that are done."""

from collections.abc import Sequence

import pytest

from conftest import LoadMap
from purgemap.events import ObjectChange
from purgemap.ledger import LedgerCheck, preview_unchanged
from purgemap.routemap import RouteMap
from purgemap.routing import Router
from support.ids import E1, E2
from support.ledger_site import BUCKET, MAP, LedgerSite


@pytest.fixture
def routes(map_from_yaml: LoadMap) -> RouteMap:
    return map_from_yaml(MAP)


def preview(site: LedgerSite, routes: RouteMap, changes: Sequence[tuple[str, str]]) -> LedgerCheck:
    routed = Router(routes).route(ObjectChange(BUCKET, key, event, "", "") for key, event in changes)
    check = preview_unchanged(site.table, site.heads, routes, routed, site.clock.now)
    assert check
    return check


def unchanged(site: LedgerSite, routes: RouteMap, *changes: tuple[str, str]) -> int:
    return preview(site, routes, changes).result.unchanged


def test_preview_counts_the_upload_that_the_function_skips(site: LedgerSite, routes: RouteMap) -> None:
    site.publish("a.html")
    event = site.upload("a.html")
    assert unchanged(site, routes, ("a.html", "created")) == 1
    site.process(event)
    assert site.invalidated() == []
    assert unchanged(site, routes, ("a.html", "created")) == 1, "the same afterwards"


def test_preview_never_counts_a_change(site: LedgerSite, routes: RouteMap) -> None:
    site.publish("a.html")
    event = site.upload("a.html", CacheControl="no-store")
    assert unchanged(site, routes, ("a.html", "created")) == 0
    site.process(event)
    assert site.invalidated() == [E1]
    assert unchanged(site, routes, ("a.html", "created")) == 0, "although the record describes it now"


def test_preview_counts_nothing_before_the_upload(site: LedgerSite, routes: RouteMap) -> None:
    site.publish("a.html")
    assert unchanged(site, routes, ("a.html", "created")) == 0


def test_preview_counts_no_deletion_and_nothing_unknown(site: LedgerSite, routes: RouteMap) -> None:
    site.publish("a.html")
    site.upload("a.html")
    site.upload("new.html")
    changes = [("a.html", "created"), ("a.html", "deleted"), ("new.html", "created")]
    assert unchanged(site, routes, *changes) == 0


def test_preview_keeps_targets_that_always_invalidate(site: LedgerSite, routes: RouteMap) -> None:
    site.publish("feed/a.html")
    site.upload("feed/a.html")
    check = preview(site, routes, [("feed/a.html", "created")])
    targets = {target.distribution.id: keys for target, keys in check.routed.keys_by_target.items()}
    assert targets == {E2: ["feed/a.html"]}


def test_preview_of_an_edited_route_counts_nothing(site: LedgerSite, map_from_yaml: LoadMap) -> None:
    site.publish("a.html")
    site.upload("a.html")
    edited = map_from_yaml(MAP.replace("name: all, bucket: site", "name: all, bucket: site, clean_urls: true"))
    assert unchanged(site, edited, ("a.html", "created")) == 0


def test_preview_writes_nothing(site: LedgerSite, map_from_yaml: LoadMap) -> None:
    site.publish("a.html")
    site.upload("a.html")
    rows, tracking = dict(site.table.rows), site.table.tracking
    edited = map_from_yaml(MAP.replace("name: docs", "name: books"))
    assert unchanged(site, edited, ("a.html", "created")) == 1
    assert (site.table.rows, site.table.tracking) == (rows, tracking)


def test_preview_without_the_table_is_none(site: LedgerSite, routes: RouteMap) -> None:
    site.table.tracking = None
    routed = Router(routes).route([ObjectChange(BUCKET, "a", "created", "", "")])
    assert preview_unchanged(site.table, site.heads, routes, routed, site.clock.now) is None
