"""Records count only if their routes were tracked without a gap since they were written."""

from typing import Any

import pytest

from conftest import LoadMap
from purgemap.ledger import Tracking
from purgemap.pipeline import lambda_response
from support.ids import E1, E2
from support.ledger_site import MAP, LedgerSite

WITHOUT_DOCS = MAP.replace(f"docs/, distributions: [{E2}], skip_unchanged: true", f"docs/, distributions: [{E2}]")


def deployment(status: str) -> dict[str, Any]:
    detail = {"stack-id": "arn:aws:cloudformation:…:stack/purgemap/1", "status-details": {"status": status}}
    return {"source": "aws.cloudformation", "detail-type": "CloudFormation Stack Status Change", "detail": detail}


def test_tracking_begins_with_the_first_batch(map_from_yaml: LoadMap) -> None:
    site = LedgerSite(map_from_yaml(MAP))
    assert site.table.tracking
    assert len(site.table.tracking.since) == 2


def test_record_of_the_overlap_does_not_count(map_from_yaml: LoadMap) -> None:
    site = LedgerSite(map_from_yaml(MAP))
    site.table.tracking = Tracking({}, "")
    site.restart(map_from_yaml(MAP))
    assert [site.publish("a"), site.publish("a")] == [[E1], [E1]]
    site.clock.advance(120)
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
    site.process(deployment("UPDATE_COMPLETE"))
    # Changes of "docs/" are not seen meanwhile: the map has no rule for them.
    site.upload("docs/a", "v2")
    site.restart(map_from_yaml(MAP))
    assert site.publish("docs/a", "v1") == [E1, E2]


def test_rollback_begins_all_routes_again(site: LedgerSite, map_from_yaml: LoadMap) -> None:
    site.publish("a", "v1")
    # A function without the option ran until CloudFormation restored the stack with its table.
    site.upload("a", "v2")
    site.restart(map_from_yaml(MAP))
    result = site.process(deployment("UPDATE_ROLLBACK_COMPLETE"))
    assert (result.batch.ignored.total(), lambda_response(result)) == (1, {"batchItemFailures": []})
    assert site.publish("a", "v1") == [E1]


@pytest.mark.parametrize("status", ["UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"])
def test_deployment_is_retried_until_tracking_is_written(site: LedgerSite, map_from_yaml: LoadMap, status: str) -> None:
    site.publish("a", "v1")
    tracking, site.table.tracking = site.table.tracking, None
    site.restart(map_from_yaml(WITHOUT_DOCS))
    response = lambda_response(site.process(deployment(status)))
    assert response
    assert len(response["batchItemFailures"]) == 1
    site.table.tracking = tracking
    assert lambda_response(site.process(deployment(status))) == {"batchItemFailures": []}


def test_lost_write_of_tracking_skips_nothing_and_is_repeated(site: LedgerSite, map_from_yaml: LoadMap) -> None:
    site.publish("a", "v1")
    site.restart(map_from_yaml(WITHOUT_DOCS))
    site.table.is_tracking_writable = False
    assert site.publish("a", "v1") == [E1]
    site.table.is_tracking_writable = True
    assert site.publish("a", "v1") == []


def test_other_messages_of_cloudformation_change_nothing(site: LedgerSite) -> None:
    site.publish("a", "v1")
    body = '{"text": "CloudFormation Stack Status Change ROLLBACK"'
    site.process_payload({"Records": [{"messageId": "m", "eventSource": "aws:sqs", "body": body}]})
    site.process({"source": "acme", "detail-type": "CloudFormation Stack Status Change ROLLBACK", "detail": {}})
    assert site.publish("a", "v1") == []


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
    site.clock.advance(200)
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
