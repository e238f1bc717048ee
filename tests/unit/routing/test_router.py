"""Tests of routing: the distributions of a changed key, and the reasons to skip the others."""

import textwrap
import tracemalloc

import pytest

from conftest import LoadMap
from purgemap.events import ObjectChange, parse_payload
from purgemap.operations.explain import explain_change
from purgemap.operations.preview import preview_change
from purgemap.routing import Router
from support.ids import E1, E2
from support.payloads import s3_event, sqs_batch


def yaml(text: str) -> str:
    return "version: 1\n" + textwrap.dedent(text)


def test_router_sends_root_page_of_one_bucket_to_distribution(map_from_yaml: LoadMap) -> None:
    routes = map_from_yaml(yaml(f"routes: [{{bucket: my-site, distributions: [{E1}]}}]"))
    assert preview_change(routes, "my-site", "index.html", "created") == {E1: ("/", "/index.html")}


def test_router_applies_every_matching_route_with_items_once(map_from_yaml: LoadMap) -> None:
    routes = map_from_yaml(
        yaml(f"""
        routes:
          - {{name: all, bucket: site, distributions: [{E1}, {E2}]}}
          - {{name: blog, bucket: site, prefix: blog/, distributions: [{E1}], invalidate: ["{{path}}", "/feed.xml"]}}
        """)
    )
    assert preview_change(routes, "site", "blog/a.html", "created") == {
        E1: ("/blog/a.html", "/feed.xml"),
        E2: ("/blog/a.html",),
    }
    assert preview_change(routes, "site", "a.html", "created") == {E1: ("/a.html",), E2: ("/a.html",)}
    assert preview_change(routes, "site-prod", "a.html", "created") == {}


def test_router_prefers_settings_of_route_to_others(map_from_yaml: LoadMap) -> None:
    routes = map_from_yaml(
        yaml(f"""
        defaults: {{index_documents: [default.htm], exclude: ["*.map"]}}
        distributions:
          own: {{id: {E1}, index_documents: [home.html], exclude: []}}
          plain: {{id: {E2}}}
        routes:
          - {{bucket: site, distributions: [own, plain]}}
          - {{bucket: other, distributions: [own], index_documents: [start.html]}}
        """)
    )
    assert preview_change(routes, "site", "home.html", "created") == {E1: ("/", "/home.html"), E2: ("/home.html",)}
    assert preview_change(routes, "site", "a.map", "created") == {E1: ("/a.map",)}
    assert preview_change(routes, "other", "start.html", "created") == {E1: ("/", "/start.html")}


def test_captures_name_distributions_and_fill_origin_path(map_from_yaml: LoadMap) -> None:
    routes = map_from_yaml(
        yaml(f"""
        distributions: {{acme: {{id: {E1}}}, initech: {{id: {E2}}}}}
        routes:
          - bucket: sites-{{env}}
            prefix: sites/{{site}}/
            origin_path: /sites/{{site}}
            distributions: ["{{site}}"]
            invalidate: ["{{path}}", "/{{env}}/{{site}}.json"]
        """)
    )
    assert preview_change(routes, "sites-eu", "sites/acme/a.html", "created") == {E1: ("/a.html", "/eu/acme.json")}
    assert preview_change(routes, "sites-eu", "sites/initech/index.html", "created")[E2][0] == "/"


def test_capture_selects_neither_id_nor_unknown_name(map_from_yaml: LoadMap) -> None:
    routes = map_from_yaml(
        yaml(f"""
        distributions: {{acme: {{id: {E1}}}}}
        routes:
          - {{bucket: sites, prefix: "{{site}}/", distributions: ["{{site}}"]}}
          - {{bucket: other, distributions: [{E2}]}}
        """)
    )
    for name in (E1, E2, "unknown", "tenant:x"):
        assert preview_change(routes, "sites", f"{name}/a", "created") == {}
        assert name in explain_change(routes, "sites", f"{name}/a", "created").skipped[0].reason
    routed = Router(routes).route([ObjectChange("sites", "unknown/a", "created", "m", "")])
    assert [skip.distribution for skip in routed.unknown_names] == ["unknown"]
    assert [change.key for change in routed.unrouted] == ["unknown/a"]


@pytest.mark.parametrize(
    ("key", "event", "reason"),
    [
        ("docs/a.map", "created", "excluded by '*.map'"),
        ("docs/drafts/x/a.html", "created", "excluded by '/drafts/**'"),
        ("docs/a.css", "created", "no include pattern matches 'a.css'"),
        ("docs/a.html", "expired", "the event expired is not among its events"),
        ("docsx/a.html", "created", "outside the origin path /docs"),
    ],
)
def test_skip_states_its_reason(map_from_yaml: LoadMap, key: str, event: str, reason: str) -> None:
    routes = map_from_yaml(
        yaml(f"""
        routes:
          - bucket: site
            prefix: docs
            distributions: [{{id: {E1}, origin_path: /docs}}]
            include: ["*.html", "*.map"]
            exclude: ["*.map", "/drafts/**"]
            events: [created, deleted]
        """)
    )
    explanation = explain_change(routes, "site", key, event)
    assert explanation.invalidations == ()
    assert reason in explanation.skipped[0].reason


def test_prefix_may_end_in_segment_but_origin_path_may_not(map_from_yaml: LoadMap) -> None:
    routes = map_from_yaml(yaml(f"routes: [{{bucket: site, prefix: doc, origin_path: /doc, distributions: [{E1}]}}]"))
    assert preview_change(routes, "site", "doc/x", "created") == {E1: ("/x",)}
    assert preview_change(routes, "site", "docs/x", "created") == {}


def test_router_lists_repeated_object_once(map_from_yaml: LoadMap) -> None:
    router = Router(map_from_yaml(yaml(f"routes: [{{bucket: site, distributions: [{E1}]}}]")))
    changes = [ObjectChange("site", "a", event, "m", "") for event in ("created", "created", "deleted")]
    routed = router.route(changes)
    assert {tuple(set(keys)) for keys in routed.keys_by_target.values()} == {("a",)}


def test_indexed_globs_match_after_prefix_that_ends_in_segment(map_from_yaml: LoadMap) -> None:
    rows = "".join(
        f"  - {{bucket: site, prefix: doc, distributions: [{E1}], include: ['/p{n}/**', '**/q{n}/**']}}\n"
        for n in range(20)
    )
    routes = map_from_yaml(f"version: 1\nroutes:\n{rows}")
    for key in ("docp3/a", "doc/p3/a", "docq3/a", "doc/q3/a", "doc/x/q3/a"):
        assert preview_change(routes, "site", key, "created") == {E1: (f"/{key}",)}
    for key in ("doc/x/p3/a", "docp33/a", "docxq3/a", "docq3"):
        assert preview_change(routes, "site", key, "created") == {}


def test_router_memory_is_bounded_over_buckets(map_from_yaml: LoadMap) -> None:
    routes = map_from_yaml(
        yaml(f"""
        distributions: {{www: {{id: {E1}}}}}
        routes:
          - {{bucket: "site-*", prefix: "sites/{{site}}/", distributions: ["{{site}}"]}}
          - {{bucket: "site-*", prefix: "{{site}}/", distributions: ["{{site}}"]}}
        """)
    )
    router = Router(routes)
    tracemalloc.start()
    try:
        for number in range(20_000):
            key = f"sites/{number:0>1000}/x"
            router.route([ObjectChange(f"site-{number % 1_000:0>58}", key, "created", "m", "")])
        megabytes = tracemalloc.get_traced_memory()[0] / 1e6
    finally:
        tracemalloc.stop()
    assert megabytes < 60


def test_router_routes_keys_beside_unknown_name(map_from_yaml: LoadMap) -> None:
    routes = map_from_yaml(
        f"""
        version: 1
        distributions: {{acme: {{id: {E1}}}}}
        routes: [{{bucket: site, prefix: "{{name}}/", distributions: ["{{name}}"]}}]
        """
    )
    changes = parse_payload(sqs_batch(s3_event("site", key) for key in ("hooli/a", "acme/a"))).changes
    (keys,) = Router(routes).route(changes).keys_by_target.values()
    assert keys == ["acme/a"]
