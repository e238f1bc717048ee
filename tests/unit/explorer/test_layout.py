"""The layout of a map: its rows, its groups and an edge for each site."""

import random
from pathlib import Path
from typing import Any

import yaml

from purgemap.explorer import build_layout
from purgemap.operations import survey_map
from support.ids import E1, E2, E3
from support.layouts import MEMBER, SITES_MAP, lay_out
from support.places import ROOT


def rows(groups: Any, *names: str) -> list[tuple[str, list[tuple[str, ...]]]]:
    """Return the account of each group with these fields of its rows."""
    return [(group["account"], [tuple(row[name] for name in names) for row in group["rows"]]) for group in groups]


def test_layout_groups_rows_by_account(tmp_path: Path) -> None:
    document = lay_out(SITES_MAP, tmp_path).document()
    assert rows(document["sources"], "id", "bucket", "prefix") == [
        ("", [("s0", "site", ""), ("s1", "site", "docs/")]),
        (MEMBER, [("s2", "tenants", "www/"), ("s3", "tenants", "docs/")]),
    ]
    assert rows(document["destinations"], "id", "name", "distribution") == [
        ("", [("d0", "www", E1)]),
        (MEMBER, [("d1", "docs", E2)]),
    ]


def test_layout_has_an_edge_for_each_site(tmp_path: Path) -> None:
    layout = lay_out(SITES_MAP, tmp_path)
    edges = layout.document()["edges"]
    assert [(edge["source"], edge["destination"], edge["route"]) for edge in edges] == [
        ("s0", "d0", "all"),
        ("s1", "d0", "docs"),
        ("s1", "d1", "docs"),
        ("s2", "d0", "tenants"),
        ("s3", "d1", "tenants"),
    ]
    assert layout.summary._asdict() == {"sites": 5, "buckets": 2, "distributions": 2, "accounts": 2, "routes": 3}


def test_edge_has_the_settings_and_the_line_of_its_route(tmp_path: Path) -> None:
    edge = lay_out(SITES_MAP, tmp_path).document()["edges"][1]
    assert edge == {
        "source": "s1",
        "destination": "d0",
        "route": "docs",
        "prefix": "docs/",
        "origin_path": "/www",
        "include": [],
        "exclude": ["*.map"],
        "events": ["created", "deleted", "expired"],
        "index_documents": ["index.html"],
        "clean_urls": True,
        "strip_suffixes": [],
        "query_strings": False,
        "skip_unchanged": False,
        "invalidate": ["{path}"],
        "file": str(tmp_path / "routes.yaml"),
        "line": 7,
    }


def test_destination_lists_its_names_and_origin_paths(tmp_path: Path) -> None:
    text = SITES_MAP.replace("  docs: {id", f"  web: {{id: {E1}, origin_path: /web}}\n  docs: {{id")
    text += "  - {bucket: web, distributions: [web]}\n"
    (row,) = lay_out(text, tmp_path).document()["destinations"][0]["rows"]
    assert row == {"id": "d0", "distribution": E1, "name": "web, www", "origin_paths": ["/web", "/www"]}


def test_capture_without_a_name_has_its_own_row(tmp_path: Path) -> None:
    text = f"""\
version: 1
distributions:
  www: {{id: {E1}}}
  docs: {{id: {E3}}}
routes:
  - {{bucket: site, distributions: [www]}}
  - {{bucket: apps, prefix: "{{app}}/", distributions: ["app-{{app}}", docs]}}
"""
    document = lay_out(text, tmp_path).document()
    assert ("app-{app}", "") in rows(document["destinations"], "distribution", "name")[0][1]
    assert len(document["edges"]) == 3


def test_layout_does_not_depend_on_the_order_of_the_map(tmp_path: Path) -> None:
    drawn = random.Random(5)
    distributions = [(f"site-{number}", {"id": f"E{number:03}EXAMPLE1AB"}) for number in range(30)]
    routes = [
        {"name": f"r{number}", "bucket": f"bucket-{number % 7}", "prefix": f"p{number}/", "distributions": names}
        for number in range(60)
        for names in [drawn.sample([name for name, _ in distributions], 2)]
    ]
    documents = []
    for _ in range(3):
        drawn.shuffle(routes)
        drawn.shuffle(distributions)
        text = yaml.safe_dump({"version": 1, "distributions": dict(distributions), "routes": routes})
        document = lay_out(text, tmp_path).document()
        for edge in document["edges"]:
            del edge["line"]
        documents.append(document)
    assert documents[0] == documents[1] == documents[2]


def test_layout_of_a_compiled_map_has_no_lines() -> None:
    surveyed = survey_map(ROOT / "config/routes.yaml")
    assert surveyed.route_map
    document = build_layout(surveyed.route_map, {}).document()
    assert {(edge["file"], edge["line"]) for edge in document["edges"]} == {(None, None)}
    placed = build_layout(surveyed.route_map, surveyed.places).document()
    assert placed["sources"] == document["sources"]
