"""Names and keys are data: markup, quotes, marks of direction and long texts do nothing to the page."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from support.explorer import Explore
from support.ids import E1
from support.page_texts import explain_on_page, visible_text

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytest_plugins = ["support.browser_fixtures"]

# A key has at most 1,024 bytes. None of these texts needs an escape in a prefix.
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"onmouseover='alert(1)' x=\"",
    "</script></style><svg onload=alert(1)>",
    "javascript:alert(1)//",
    "\u202egnp.txe\u2066\u200e",
    "&lt;b&gt;&#60;",
    "__proto__",
    "x" * 1000,
    "\u0627" * 400,
]
MAP = json.dumps(
    {
        "version": 1,
        "distributions": {"constructor": {"id": E1}},
        "routes": [
            {"bucket": "acme-www", "prefix": f"{text}/", "exclude": [text[:50]], "distributions": ["constructor"]}
            for text in HOSTILE
        ],
    }
)
# Elements that only markup of a name could make.
FOREIGN = (
    "main :is(img, script, style, iframe, object, embed, base, meta, b:not(.problems b, .warning b)), [onmouseover]"
)


def assert_untouched(page: "Page") -> None:
    assert page.locator(FOREIGN).count() == 0
    assert page.locator("svg").count() == 2
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("Object.keys(Object.prototype)") == []


def test_hostile_names_do_nothing_to_the_map(page: "Page", explore: Explore, tmp_path: Path) -> None:
    page.set_viewport_size({"width": 320, "height": 800})
    page.goto(explore(MAP).address)
    page.wait_for_selector(".row")
    names = page.locator(".sources .row .part").all_text_contents()
    assert sorted(names) == sorted(visible_text(f"{text}/") for text in HOSTILE)
    for row in page.locator(".sources .row").all():
        row.click()
        assert_untouched(page)
        page.keyboard.press("Escape")
    page.fill("#filter-search", "<IMG SRC")
    assert page.locator(".sources .row:visible").count() == 1
    page.fill("#filter-search", "")
    page.click("#as-table")
    assert_untouched(page)
    assert page.locator("tbody tr").count() == len(HOSTILE)
    assert list(tmp_path.iterdir()) == [tmp_path / "routes.yaml"]


def test_hostile_keys_do_nothing_to_the_object_view(page: "Page", explore: Explore) -> None:
    page.set_viewport_size({"width": 320, "height": 800})
    page.goto(f"{explore(MAP).address}#object")
    for text in HOSTILE:
        shown = explain_on_page(page, f"s3://acme-www/{text}/{text[:10]}")
        assert shown["object"][1] == visible_text(f"{text}/{text[:10]}")
        assert_untouched(page)


def test_hostile_log_does_nothing_to_the_plan(page: "Page", explore: Explore) -> None:
    page.goto(f"{explore(MAP).address}#plan")
    page.fill("#plan-text", "\n".join(f"s3://acme-www/{text}/a" for text in HOSTILE))
    page.click("#plan-form .primary")
    page.wait_for_selector(".tiles")
    assert "/%3Cimg%20src=x%20onerror=alert(1)%3E/a" in page.locator("#plan-result .items li").all_text_contents()
    assert_untouched(page)


def test_hostile_map_with_errors_shows_them_as_text(page: "Page", explore: Explore) -> None:
    explorer = explore(
        "version: 1\nroutes:\n  - {'<img src=x onerror=alert(1)>': 1, bucket: a\u202e, distributions: []}\n"
    )
    page.goto(explorer.address)
    page.wait_for_selector("#problem-list li")
    assert 'unknown key "<img src=x onerror=alert(1)>"' in page.locator("#problem-list").inner_text()
    assert page.locator(FOREIGN).count() == 0
