"""The page's way of an object: its steps are those of `purgemap explain --json`."""

import random
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

import purgemap
from support.explorer import Explore
from support.ids import E1, E2, E3
from support.page_texts import explain_on_page, read_explanation, visible_texts

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytest_plugins = ["support.browser_fixtures"]

MAP = f"""\
version: 1
distributions:
  acme: {{id: {E1}}}
  docs: {{id: {E3}, origin_path: /docs}}
routes:
  - name: sites
    bucket: all-sites
    prefix: sites/{{site}}/
    origin_path: /sites/{{site}}
    distributions: ["{{site}}"]
    clean_urls: true
    invalidate: ["{{path}}", "#key-{{key}}"]
  - name: assets
    bucket: all-sites
    exclude: ["*.html", "/drafts/**"]
    query_strings: true
    distributions: [{E2}]
  - {{name: documents, bucket: all-sites, prefix: docs/, distributions: [docs], events: [created, deleted]}}
"""
# Markup, quotes, marks of direction, spaces of any kind, and the characters that CloudFront treats in a special way.
PIECES = [
    *("sites/acme/", "sites/hooli/", "docs/", "drafts/", "index.html", "about.html", "a.js", "a", "é", "日本", "🎈"),
    *("<b>", "&amp;", '"', "'", "~", "+", "*", "%20", "?", "#", ",", " ", "  ", "\u00a0", "\u202e", "\u2066", "\u200d"),
    *("\x00", "\x1b[31m", "\t", "\n", "\r", "\u2028", "\ufeff", "\\", "//", "/"),
]

# The page's own listener runs first.
OPEN_ADDRESS = """(hash) => new Promise((resolve) => {
  addEventListener("hashchange", () => resolve(), { once: true });
  location.hash = hash;
})"""


def expected(map_file: Path, uri: str, event: str) -> dict[str, Any]:
    """Return what the page should show, from the document of `purgemap explain --json`."""
    route_map = purgemap.load_map(map_file)
    document = purgemap.explain(route_map, uri, event).document()

    def label(id_: str) -> list[str]:
        return [*route_map.names_by_id.get(id_, ())[:1], id_] if id_ else []

    shown = {
        "object": [*document["object"].values()],
        "sent": [[label(sent["distribution"]), sent["items"]] for sent in document["invalidations"]],
        "matches": [
            [[match["route"], *label(match["distribution"])], steps(match), match["warnings"]]
            for match in document["matches"]
        ],
        "skipped": [
            [[skip["route"]], label(skip.get("distribution", "")), [skip["reason"]]] for skip in document["skipped"]
        ],
    }
    return {name: visible_texts(value) for name, value in shown.items()}


def steps(match: dict[str, Any]) -> list[list[Any]]:
    captures = [text for name, value in match["captures"].items() for text in (f"{{{name}}}", value)]
    all_steps = [
        ["Prefix", [match["prefix"]] if match["prefix"] else []],
        ["Captures", captures],
        ["Origin path", [match["origin_path"]] if match["origin_path"] else []],
        ["Viewer paths", match["viewer_paths"]],
        ["Items", match["items"]],
    ]
    return [step for step in all_steps if step[1]]


def test_object_leads_to_its_items(page: "Page", explore: Explore) -> None:
    page.goto(explore(MAP).address)
    page.get_by_role("link", name="Object").click()
    page.get_by_role("textbox", name="Object").fill("s3://all-sites/sites/acme/blog/index.html")
    page.get_by_role("combobox", name="Event").select_option("deleted")
    page.get_by_role("button", name="Explain").click()
    result = page.locator("#object-result")
    result.get_by_role("heading", name="1 matching route").wait_for()
    lines = [line for line in result.inner_text().splitlines() if line]
    for part in (
        "sites/acme/",
        "{site} is acme",
        "/sites/acme is cut from the key",
        "/blog/index.html",
        "/blog/",
        "/blog",
    ):
        assert part in lines
    assert "excluded by '*.html'" in result.inner_text()
    assert page.locator("#announcement").text_content() == "1 matching route, 1 distribution"


def test_page_shows_what_explain_prints_for_200_keys(page: "Page", explore: Explore) -> None:
    explorer = explore(MAP)
    page.goto(f"{explorer.address}#object")
    page.wait_for_selector(".row", state="attached")
    draw = random.Random(17)
    different = []
    for _ in range(200):
        uri = "s3://all-sites/" + "".join(draw.choices(PIECES, k=draw.randint(1, 6)))
        event = draw.choice(["created", "deleted", "expired"])
        if any(character in uri for character in "\n\r"):
            # A field takes no line break; an address does.
            page.evaluate(OPEN_ADDRESS, "#object?" + urlencode({"object": uri, "event": event}))
            shown = read_explanation(page)
        else:
            shown = explain_on_page(page, uri, event)
        if shown != expected(explorer.map_file, uri, event):
            different.append((uri, event, shown))
    assert different == []


@pytest.mark.parametrize(
    ("uri", "message"), [("all-sites/a", "is not an S3 URI"), ("s3://all-sites/", "'s3://all-sites/'")]
)
def test_object_view_shows_a_refused_input(page: "Page", explore: Explore, uri: str, message: str) -> None:
    page.goto(f"{explore(MAP).address}#object")
    page.fill("#object-uri", uri)
    page.keyboard.press("Enter")
    page.wait_for_selector("#object-error bdi")
    assert message in page.locator("#object-error").inner_text()


def test_object_view_follows_an_edit_of_the_map(page: "Page", explore: Explore) -> None:
    explorer = explore(MAP)
    page.goto(f"{explorer.address}#object?{urlencode({'object': 's3://all-sites/docs/a.js', 'event': 'created'})}")
    page.get_by_role("heading", name="2 matching routes").wait_for()
    explorer.map_file.write_text(MAP.replace("prefix: docs/", "prefix: documents/"))
    page.get_by_role("heading", name="1 matching route", exact=True).wait_for()
    page.get_by_role("link", name="Map").click()
    explorer.map_file.write_text(MAP)
    page.get_by_role("heading", name="2 matching routes", include_hidden=True).wait_for(state="attached")
    assert page.evaluate("location.hash") == "#map"
