"""The page by keyboard, at any width, and as axe-core judges it in both themes."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from purgemap.demo.local_aws import LocalAws
from support.explorer import Explore, run_explorer, sites_map
from support.places import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytest_plugins = ["support.browser_fixtures", "support.local_aws_fixtures"]

AXE = ROOT / ".tools/axe/node_modules/axe-core/axe.min.js"
needs_axe = pytest.mark.skipif(not AXE.exists(), reason="`make .tools/axe/.ready` installs axe-core; it needs npm")

MAP = sites_map(5)
OBJECT = "s3://own-0/sites/0/a~b,.html"
BROKEN = MAP.replace("prefix: sites/2/", "prefx: sites/2/")

FOCUSABLE = "a[href], button:enabled, input, select, textarea, [tabindex='0']"
# Numbers the controls that a reader could use now, and returns how many there are.
NUMBER_CONTROLS = f"""() => {{
  const controls = [...document.querySelectorAll("{FOCUSABLE}")].filter((control) => control.checkVisibility());
  controls.forEach((control, index) => {{ control.dataset.number = index; }});
  return controls.length;
}}"""
# The focused control's number, and whether a reader sees that it has the focus.
READ_FOCUS = """() => {
  const style = getComputedStyle(document.activeElement);
  return [document.activeElement.dataset.number ?? null, style.outlineStyle !== "none" || style.boxShadow !== "none"];
}"""


def show_map(page: "Page") -> None:
    page.wait_for_selector(".row")


def show_selection(page: "Page") -> None:
    page.locator(".sources .row").first.click()
    page.wait_for_selector("#panel .card")


def show_table(page: "Page") -> None:
    page.wait_for_selector(".row")
    page.click("#as-table")
    page.wait_for_selector("tbody tr")


def show_object(page: "Page") -> None:
    page.get_by_role("link", name="Object").click()
    page.fill("#object-uri", OBJECT)
    page.keyboard.press("Enter")
    page.wait_for_selector(".steps")


def show_plan(page: "Page") -> None:
    page.get_by_role("link", name="Plan").click()
    page.fill("#plan-text", OBJECT)
    page.click("#plan-form .primary")
    page.wait_for_selector(".tiles")


def show_status(page: "Page") -> None:
    page.get_by_role("link", name="Status").click()
    page.wait_for_selector("#status-result > *")


VIEWS = [show_map, show_selection, show_table, show_object, show_plan, show_status]


@needs_axe
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_reports_no_violation_in_any_view(browser: "Browser", aws: LocalAws, tmp_path: Path, theme: Any) -> None:
    violations = []
    # The page's policy would refuse axe's script.
    with (
        run_explorer(tmp_path, MAP, aws.environment) as explorer,
        browser.new_context(color_scheme=theme, bypass_csp=True) as context,
    ):
        page = context.new_page()
        page.goto(explorer.address)
        page.add_script_tag(path=AXE)
        for show in VIEWS:
            show(page)
            violations += axe_violations(page, show.__name__)
        explorer.map_file.write_text(BROKEN)
        page.wait_for_selector("#problem-list li")
        violations += axe_violations(page, "problems")
    assert violations == []


def axe_violations(page: "Page", view: str) -> list[str]:
    result = page.evaluate("axe.run()")
    assert len(result["passes"]) > 20
    return [f"{view}: {violation['id']}: {json.dumps(violation['nodes'])}" for violation in result["violations"]]


@pytest.mark.parametrize("show", VIEWS[:5])
def test_tab_reaches_every_control(page: "Page", explore: Explore, show: Callable[["Page"], None]) -> None:
    page.goto(explore(MAP).address)
    show(page)
    count = page.evaluate(NUMBER_CONTROLS)
    # A browser marks the focus for those who move it with a key.
    page.locator(".views a").first.focus()
    page.keyboard.press("Shift+Tab")
    reached = []
    for _ in range(count):
        number, is_visible = page.evaluate(READ_FOCUS)
        assert is_visible, page.evaluate("document.activeElement.outerHTML")
        reached.append(int(number))
        page.keyboard.press("Tab")
    assert sorted(reached) == list(range(count))
    assert count >= 8


@pytest.mark.parametrize("width", [320, 768, 1280, 2560])
def test_views_fit_the_width(page: "Page", explore: Explore, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(explore(MAP).address)
    for show in VIEWS[:5]:
        show(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, show.__name__


def test_rows_and_curves_meet_at_any_width(page: "Page", explore: Explore) -> None:
    page.goto(explore(MAP).address)
    page.wait_for_selector(".row")
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function("(narrow) => matchMedia('(max-width: 47.99rem)').matches === narrow", arg=width == 320)
        rows = page.locator(".sources .row").all()
        svg = page.locator(".edges").bounding_box()
        last = rows[-1].bounding_box()
        assert svg is not None
        assert last is not None
        ends = page.evaluate("[...document.querySelectorAll('.edge')].map((edge) => edge.getBoundingClientRect())")
        tops = [edge["top"] for edge in ends] + [edge["top"] + edge["height"] for edge in ends]
        assert any(abs(top - (last["y"] + last["height"] / 2)) < 1 for top in tops)


def test_skip_links_lead_past_head_and_picture(page: "Page", explore: Explore) -> None:
    page.goto(explore(MAP).address)
    page.wait_for_selector(".row")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.get_by_text("Skip the picture").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "after-map"
    # A skip link is not a view: the map stays.
    assert page.locator("#picture").is_visible()
