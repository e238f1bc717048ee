"""The SVG picture: XML that holds the map's texts as texts only."""

import re
from pathlib import Path
from xml.etree import ElementTree as ET

from purgemap.explorer import build_layout, draw_svg
from purgemap.explorer.layout import Layout
from purgemap.routemap import empty_map
from purgemap.text import escape_control_characters
from support.layouts import HOSTILE_NAMES, SITES_MAP, hostile_map, lay_out

SVG = "{http://www.w3.org/2000/svg}"


def draw(layout: Layout) -> ET.Element:
    return ET.fromstring(draw_svg(layout, "purgemap: routes.yaml"))


def texts(root: ET.Element, style: str) -> list[str]:
    return [text.text or "" for text in root.iter(f"{SVG}text") if text.get("class") == style]


def test_svg_shows_every_row_of_the_map(tmp_path: Path) -> None:
    root = draw(lay_out(SITES_MAP, tmp_path))
    assert texts(root, "name") == ["site", "site", "tenants", "tenants", "www", "docs"]
    assert texts(root, "detail")[:4] == ["all keys", "docs/", "www/", "docs/"]
    assert texts(root, "heading") == [
        "S3 buckets",
        "S3 buckets · account 222222222222",
        "CloudFront distributions",
        "CloudFront distributions · account 222222222222",
    ]


def test_svg_edge_joins_the_ports_of_its_rows(tmp_path: Path) -> None:
    root = draw(lay_out(SITES_MAP, tmp_path))
    ports = {(circle.get("cx"), circle.get("cy")) for circle in root.iter(f"{SVG}circle") if circle.get("r") == "4"}
    paths = [path.get("d", "") for path in root.iter(f"{SVG}path") if "edge" in path.get("class", "")]
    assert len(paths) == 5
    for path in paths:
        numbers = re.findall(r"[\d.]+", path)
        assert {tuple(numbers[:2]), tuple(numbers[-2:])} <= ports


def test_svg_describes_itself_to_screen_readers(tmp_path: Path) -> None:
    root = draw(lay_out(SITES_MAP, tmp_path))
    title, description = root.findtext(f"{SVG}title"), root.findtext(f"{SVG}desc")
    ids = {element.get("id") for element in root if element.get("id")}
    assert root.get("role") == "img"
    assert set((root.get("aria-labelledby") or "").split()) == ids
    assert title == "purgemap: routes.yaml"
    assert description is not None
    assert description.startswith("5 sites, 3 routes, 2 buckets, 2 distributions, 2 accounts. ")
    assert "site/docs/ → docs (" in description


def test_svg_has_both_themes(tmp_path: Path) -> None:
    style = draw(lay_out(SITES_MAP, tmp_path)).findtext(f"{SVG}style") or ""
    light, _, dark = style.partition("@media (prefers-color-scheme:dark)")
    classes = set(re.findall(r"\.([\w-]+)\{(?:fill|stroke):#", light))
    assert {"page", "card", "icon", "port"} <= classes
    assert all(f".{name}{{" in dark or f",.{name}{{" in dark for name in classes)


def test_svg_of_hostile_names_has_no_other_elements() -> None:
    picture = draw_svg(build_layout(hostile_map(), {}), HOSTILE_NAMES[0])
    root = ET.fromstring(picture)
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert tags == {
        *("svg", "title", "desc", "style", "defs", "symbol", "path", "ellipse", "circle", "rect", "text", "g", "use")
    }
    plain = "".join(character for character in picture if character != "\n")
    assert plain.isprintable()


def test_svg_makes_invisible_characters_visible() -> None:
    root = draw(build_layout(hostile_map(), {}))
    assert r"right\u202eto\u2066left\u200f" in texts(root, "name")
    assert r"\x00\x07\x1b[31m\n\ufffe\ud800" in texts(root, "name")
    assert "<script>alert(1)</script>" in texts(root, "name")


def test_svg_shortens_long_names_and_keeps_them_in_a_title() -> None:
    root = draw(build_layout(hostile_map(), {}))
    titles = [title.text or "" for title in root.iter(f"{SVG}title")]
    assert [
        name for name in HOSTILE_NAMES if not any(escape_control_characters(name) in title for title in titles)
    ] == []
    assert max(map(len, texts(root, "name"))) == 41
    assert max(map(len, texts(root, "detail"))) <= 46


def test_svg_shortens_in_the_middle(tmp_path: Path) -> None:
    prefix = "sites/" + "x" * 60 + "/latest/"
    root = draw(lay_out(SITES_MAP.replace("prefix: docs/", f"prefix: {prefix}"), tmp_path))
    (detail,) = (text for text in texts(root, "detail") if "…" in text)
    assert (len(detail), detail[:6], detail[-8:]) == (46, "sites/", "/latest/")


def test_svg_of_an_empty_map_is_a_picture() -> None:
    root = draw(build_layout(empty_map(), {}))
    assert texts(root, "summary") == ["0 sites, 0 routes, 0 buckets, 0 distributions, 0 accounts"]
    assert float(root.get("height", "0")) > 0
