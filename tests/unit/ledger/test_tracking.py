"""Records count only if their routes were tracked without a gap since they were written."""

from conftest import LoadMap
from purgemap.ledger import Tracking
from support.ids import E1, E2
from support.ledger_site import MAP, LedgerSite

WITHOUT_DOCS = MAP.replace(f"docs/, distributions: [{E2}], skip_unchanged: true", f"docs/, distributions: [{E2}]")


def test_tracking_begins_with_the_first_batch(map_from_yaml: LoadMap) -> None:
    site = LedgerSite(map_from_yaml(MAP))
    assert site.table.tracking
    assert len(site.table.tracking.since) == 2


def test_record_of_the_overlap_does_not_count(map_from_yaml: LoadMap) -> None:
    site = LedgerSite(map_from_yaml(MAP))
    site.table.tracking = Tracking({}, "")
    site.restart(map_from_yaml(MAP))
    assert [site.publish("a"), site.publish("a")] == [[E1], [E1]]
    site.clock.advance(60)
    assert [site.publish("a"), site.publish("a")] == [[E1], []]


def test_warm_function_reads_tracking_rarely(site: LedgerSite) -> None:
    site.clock.advance(300)
    site.process()
    assert site.table.calls == [("read_tracking", [])]
    site.process()
    assert site.table.calls == []


def test_restart_with_the_same_map_writes_nothing(site: LedgerSite, map_from_yaml: LoadMap) -> None:
    site.publish("a")
    site.restart(map_from_yaml(MAP))
    assert site.publish("a") == []
    assert [name for name, _ in site.table.calls] == ["read_tracking", "read"]


def test_route_that_was_off_begins_again(site: LedgerSite, map_from_yaml: LoadMap) -> None:
    site.publish("a")
    site.publish("docs/a", "v1")
    site.restart(map_from_yaml(WITHOUT_DOCS))
    site.publish("docs/a", "v2")
    site.restart(map_from_yaml(MAP))
    assert site.publish("docs/a", "v1") == [E1, E2]
    assert site.publish("a") == []


def test_deployment_event_ends_a_route_that_left(site: LedgerSite, map_from_yaml: LoadMap) -> None:
    site.publish("docs/a", "v1")
    site.restart(map_from_yaml(WITHOUT_DOCS))
    site.process({"source": "aws.cloudformation", "detail-type": "CloudFormation Stack Status Change", "detail": {}})
    # Changes of "docs/" are not seen meanwhile: the map has no rule for them.
    site.upload("docs/a", "v2")
    site.restart(map_from_yaml(MAP))
    assert site.publish("docs/a", "v1") == [E1, E2]


def test_route_of_other_keys_begins_again(site: LedgerSite, map_from_yaml: LoadMap) -> None:
    site.publish("a.html", "v1")
    site.restart(map_from_yaml(MAP.replace("name: all,", "name: all, exclude: ['*.html'],")))
    site.publish("a.html", "v2")
    site.restart(map_from_yaml(MAP))
    assert site.publish("a.html", "v1") == [E1]


def test_changed_settings_invalidate_once(site: LedgerSite, map_from_yaml: LoadMap) -> None:
    site.publish("a.html")
    site.restart(map_from_yaml(MAP.replace("name: all,", "name: all, clean_urls: true,")))
    site.process()
    site.clock.advance(100)
    assert [site.publish("a.html"), site.publish("a.html")] == [[E1], []]


def test_unreadable_tracking_skips_nothing_until_read(site: LedgerSite, map_from_yaml: LoadMap) -> None:
    site.publish("a")
    tracking, site.table.tracking = site.table.tracking, None
    site.restart(map_from_yaml(MAP))
    assert site.publish("a") == [E1]
    site.table.tracking = tracking
    assert site.publish("a") == []


def test_captured_distributions_are_tracked(map_from_yaml: LoadMap) -> None:
    site = LedgerSite(
        map_from_yaml(
            f"""
            version: 1
            defaults: {{skip_unchanged: true}}
            distributions: {{www: {{id: {E1}}}, shop: {{id: {E2}}}}}
            routes: [{{bucket: site, prefix: "{{name}}/", distributions: ["{{name}}"]}}]
            """
        )
    )
    assert [site.publish("shop/a"), site.publish("shop/a")] == [[E2], []]
