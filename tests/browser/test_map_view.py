"""The page's map: a row and an edge for each site, filters, folds, details, and an edit of the file."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.explorer import Explore, distribution_id, line_of, run_explorer, sites_map

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytest_plugins = ["support.browser_fixtures"]

VISIBLE_ROWS = ".row:visible"

# Counts the elements that scripts make, and the questions for which a browser must compute its layout.
COUNTERS = """
window.made = 0;
window.layouts = 0;
for (const name of ["createElement", "createElementNS"]) {
  const original = Document.prototype[name];
  Document.prototype[name] = function (...parts) { window.made += 1; return original.apply(this, parts); };
}
for (const name of ["getBoundingClientRect", "getClientRects", "scrollIntoView"]) {
  const original = Element.prototype[name];
  Element.prototype[name] = function (...parts) { window.layouts += 1; return original.apply(this, parts); };
}
for (const name of ["offsetTop", "offsetLeft", "offsetWidth", "offsetHeight"]) {
  const original = Object.getOwnPropertyDescriptor(HTMLElement.prototype, name);
  const get = function () { window.layouts += 1; return original.get.call(this); };
  Object.defineProperty(HTMLElement.prototype, name, { ...original, get });
}
"""


def visible_edges(page: "Page") -> int:
    # A level line has no height, and Playwright counts only boxes as visible.
    return int(page.evaluate("[...document.querySelectorAll('.edge')].filter((edge) => edge.checkVisibility()).length"))


def open_map(page: "Page", explore: Explore, map_text: str) -> None:
    page.goto(explore(map_text).address)
    page.wait_for_selector(".row")


@pytest.mark.parametrize("sites", [1, 30, 500])
def test_map_has_a_row_and_an_edge_for_each_site(page: "Page", explore: Explore, sites: int) -> None:
    open_map(page, explore, sites_map(sites))
    assert page.locator(".sources .row").count() == sites
    assert page.locator(".destinations .row").count() == sites
    assert visible_edges(page) == sites
    assert page.locator("#summary").inner_text().startswith(f"{sites} site")
    last = page.locator(".destinations .row", has_text=distribution_id(sites - 1))
    assert last.inner_text().split()[:2] == [f"site-{sites - 1}", distribution_id(sites - 1)]
    assert page.locator("#problems").is_hidden()


def test_map_of_500_sites_is_drawn_without_layouts(page: "Page", explore: Explore) -> None:
    page.add_init_script(COUNTERS)
    open_map(page, explore, sites_map(500))
    assert page.evaluate("window.layouts") == 0
    # Two rows of five or six elements, an edge, and two choices of the filters for each site.
    assert page.evaluate("window.made") < 500 * 18
    made = page.evaluate("window.made")
    page.fill("#filter-search", "shared-3")
    page.click("#fold-all")
    assert page.evaluate("[window.made, window.layouts]") == [made, 0]


def test_search_leaves_rows_that_match(page: "Page", explore: Explore) -> None:
    open_map(page, explore, sites_map(30))
    page.fill("#filter-search", "SITES/2 own")
    # sites/2 of a bucket of its own: 21, 24 and 27.
    assert visible_edges(page) == 3
    assert page.locator(VISIBLE_ROWS).count() == 6
    assert page.locator("#count").inner_text() == "3 of 30 edges"
    page.fill("#filter-search", "no such site")
    assert page.locator(VISIBLE_ROWS).count() == 0
    assert "Nothing matches" in page.locator("#count").inner_text()
    page.click("#filter-clear")
    page.wait_for_function("document.getElementById('count').textContent === '30 edges'")
    assert page.locator(VISIBLE_ROWS).count() == 60


@pytest.mark.parametrize(
    ("choice", "value", "edges"),
    [
        ("#filter-bucket", "=shared-0", 20),
        ("#filter-distribution", f"={distribution_id(7)}", 1),
        ("#filter-account", "=333333333333", 10),
    ],
)
def test_choice_leaves_its_sites(page: "Page", explore: Explore, choice: str, value: str, edges: int) -> None:
    open_map(page, explore, sites_map(30))
    page.select_option(choice, value)
    assert visible_edges(page) == edges
    page.keyboard.press("Escape")
    page.click("#as-table")
    assert page.locator("#table tbody tr").count() == edges


def test_fold_hides_rows_and_keeps_edges(page: "Page", explore: Explore) -> None:
    open_map(page, explore, sites_map(30))
    fold = page.get_by_role("button", name="222222222222").last
    assert fold.get_attribute("aria-expanded") == "true"
    fold.press("Enter")
    assert fold.get_attribute("aria-expanded") == "false"
    assert page.locator(VISIBLE_ROWS).count() == 50
    assert visible_edges(page) == 30
    page.click("#fold-all")
    assert page.locator(VISIBLE_ROWS).count() == 0
    page.click("#unfold-all")
    assert page.locator(VISIBLE_ROWS).count() == 60


def test_row_shows_options_and_line_of_its_route(page: "Page", explore: Explore) -> None:
    text = sites_map(30)
    open_map(page, explore, text)
    row = page.get_by_role("button", name="shared-0 sites/7/")
    row.press("Enter")
    assert row.get_attribute("aria-pressed") == "true"
    panel = page.get_by_role("complementary", name="s3://shared-0/sites/7/")
    shown = panel.inner_text()
    assert all(part in shown for part in ("route-7", distribution_id(7), "/sites/7", "*.map"))
    assert f"routes.yaml:{line_of(text, 'name: route-7')}" in shown
    assert page.locator(".linked .edge").count() == 1
    assert page.locator(".row.is-linked").count() == 2
    assert page.evaluate("document.activeElement.id") == "panel-heading"
    page.keyboard.press("Escape")
    assert panel.is_hidden()
    assert page.locator(".linked .edge").count() == 0
    assert page.evaluate("document.activeElement.dataset.row") == row.get_attribute("data-row")


def test_details_lead_to_the_other_end(page: "Page", explore: Explore) -> None:
    open_map(page, explore, sites_map(30))
    page.click("#fold-all")
    page.fill("#filter-search", "route-7")
    page.click("#unfold-all")
    page.get_by_role("button", name="shared-0 sites/7/").click()
    page.click("#fold-all")
    page.locator("#panel .link").click()
    row = page.get_by_role("button", name=f"site-7 {distribution_id(7)} 1 source")
    assert row.get_attribute("aria-pressed") == "true"
    assert row.is_visible()


def test_details_lead_to_the_object_view(page: "Page", explore: Explore) -> None:
    open_map(page, explore, sites_map(30))
    page.get_by_role("button", name="shared-0 sites/7/").click()
    page.get_by_role("button", name="Explain an object").click()
    page.wait_for_function("document.activeElement.id === 'object-uri'")
    page.keyboard.type("a.html")
    page.keyboard.press("Enter")
    page.wait_for_selector(".steps")
    assert page.locator("#object-result .sent").inner_text().split() == ["site-7", distribution_id(7), "/a.html"]


def test_arrow_keys_move_between_rows(page: "Page", explore: Explore) -> None:
    open_map(page, explore, sites_map(30))
    page.locator(".sources .fold").first.focus()
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.textContent").startswith("own-0")
    page.keyboard.press("End")
    last = page.locator(".sources .row").last
    assert page.evaluate("document.activeElement.dataset.row") == last.get_attribute("data-row")


def test_table_lists_each_route_with_its_line(page: "Page", explore: Explore) -> None:
    text = sites_map(30)
    open_map(page, explore, text)
    page.click("#as-table")
    assert page.locator("#picture").is_hidden()
    row = page.get_by_role("row", name="s3://shared-0/sites/8/")
    cells = row.inner_text().split("\t")
    place = f"routes.yaml:{line_of(text, 'name: route-8')}"
    assert cells[:4] == ["s3://shared-0/sites/8/", f"site-8 {distribution_id(8)}", "/sites/8", "route-8"]
    assert cells[-1] == place


def test_edit_shows_its_problem_and_line(page: "Page", explore: Explore) -> None:
    text = sites_map(3)
    explorer = explore(text)
    page.goto(explorer.address)
    page.get_by_role("button", name="own-0 sites/0/").click()
    page.select_option("#filter-bucket", "=own-0")
    broken = text.replace("prefix: sites/2/", "prefx: sites/2/")
    explorer.map_file.write_text(broken)
    problems = page.get_by_role("region", name="The map has 1 error")
    problems.wait_for()
    shown = problems.inner_text()
    assert f"routes.yaml:{line_of(broken, 'prefx')}:5" in shown
    assert 'unknown key "prefx"; did you mean "prefix"?' in shown
    assert "last valid" in page.locator("#map-note").inner_text()
    page.wait_for_function("document.getElementById('announcement').textContent.includes('1 error')")
    explorer.map_file.write_text(text.replace("sites/2/", "pages/2/"))
    problems.wait_for(state="hidden")
    assert page.locator("#map-note").is_hidden()
    # The choice and the selection outlast the edit.
    assert page.locator(VISIBLE_ROWS).count() == 2
    assert page.get_by_role("button", name="own-0 sites/0/").get_attribute("aria-pressed") == "true"
    page.click("#filter-clear")
    page.get_by_role("button", name="shared-0 pages/2/").wait_for()


def test_page_says_that_its_server_has_ended(page: "Page", tmp_path: Path) -> None:
    with run_explorer(tmp_path, sites_map(3)) as explorer:
        page.goto(explorer.address)
        page.wait_for_selector(".row")
        assert page.locator("#connection").is_hidden()
    page.wait_for_selector("#connection:visible")
    assert page.locator("#connection").inner_text() == "no connection"
    # The picture stays, and so do its controls.
    page.fill("#filter-search", "sites/2/")
    assert page.locator(VISIBLE_ROWS).count() == 2


def test_map_with_errors_shows_them_at_the_start(page: "Page", explore: Explore) -> None:
    page.goto(explore("version: 1\nroutes:\n  - {bucket: acme-www}\n").address)
    problems = page.get_by_role("region", name="The map has 1 error")
    problems.wait_for()
    assert "routes.yaml:3:5" in problems.inner_text()
    assert "when it is valid" in page.locator("#map-note").inner_text()
    assert page.locator("#announcement").text_content() == "The map has 1 error"
    page.get_by_role("link", name="Object").click()
    assert problems.is_visible()
