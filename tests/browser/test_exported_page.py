"""`purgemap graph --format html`: the map's view as one file, opened from the disk."""

from pathlib import Path
from typing import TYPE_CHECKING

from purgemap.cli.graph import graph
from support.commands import invoke
from support.explorer import distribution_id, sites_map

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytest_plugins = ["support.browser_fixtures"]


def export(folder: Path, map_text: str) -> Path:
    (folder / "routes.yaml").write_text(map_text)
    exported = folder / "map.html"
    result = invoke(
        graph, "--format", "html", "--output", exported, "--routes", folder / "routes.yaml", catch_exceptions=False
    )
    assert result.return_value == 0
    return exported


def test_export_of_500_sites_works_from_disk(page: "Page", tmp_path: Path) -> None:
    exported = export(tmp_path, sites_map(500))
    assert exported.stat().st_size < 1_000_000
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(exported.as_uri())
    assert page.locator(".row:visible").count() == 1000
    page.fill("#filter-search", distribution_id(321))
    page.get_by_role("button", name=f"site-321 {distribution_id(321)}").click()
    assert "route-321" in page.locator("#panel").inner_text()
    page.click("#fold-all")
    assert page.locator(".row:visible").count() == 0
    page.click("#as-table")
    assert page.locator("tbody tr").count() == 1
    assert page.get_by_role("navigation").count() == 0
    assert page.get_by_role("button", name="Explain").count() == 0
    assert requests == [exported.as_uri()]


def test_export_keeps_hostile_names_as_text(page: "Page", tmp_path: Path) -> None:
    prefix = "</script><script>alert(1)</script><!--/"
    route = f"{{bucket: acme-www, prefix: '{prefix}', distributions: [{distribution_id(0)}]}}"
    page.goto(export(tmp_path, f"version: 1\nroutes:\n  - {route}\n").as_uri())
    assert page.locator(".sources .row .part").inner_text() == prefix
