"""The page as one file: its styles, scripts and map inside, and nothing else allowed."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from purgemap.errors import PurgemapError
from purgemap.explorer import inline_page, read_page_files
from support.layouts import HOSTILE_NAMES
from support.pages import SCRIPT, write_page


class Elements(HTMLParser):
    """The elements of a page, as a browser would read them: tag, attributes and text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None], str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs), ""))

    def handle_endtag(self, tag: str) -> None:
        self.found.append((f"/{tag}", {}, ""))

    def handle_data(self, data: str) -> None:
        if self.found:
            tag, attributes, text = self.found[-1]
            self.found[-1] = (tag, attributes, text + data)

    def of(self, tag: str) -> list[tuple[dict[str, str | None], str]]:
        return [(attributes, text) for found, attributes, text in self.found if found == tag]


@pytest.fixture
def page(tmp_path: Path) -> Path:
    return write_page(tmp_path / "page")


def inline(page: Path, document: dict[str, Any]) -> Elements:
    return Elements(inline_page(read_page_files(page), document))


def test_inlined_page_refers_to_no_file(page: Path) -> None:
    text = inline_page(read_page_files(page), {})
    assert "/page/" not in text
    assert not re.search(r"\bsrc=|\bhref=\"(?!data:)", text)
    ((icon, _),) = Elements(text).of("link")
    _, _, data = (icon["href"] or "").partition(";base64,")
    assert base64.b64decode(data) == (page / "icon.svg").read_bytes()


def test_inlined_page_has_the_map_before_its_scripts(page: Path) -> None:
    document = {"valid": True, "names": list(HOSTILE_NAMES)}
    (data, text), *scripts = inline(page, document).of("script")
    assert (data["type"], data["id"]) == ("application/json", "map-data")
    assert json.loads(text) == document
    assert len(scripts) == 2
    assert inline_page(read_page_files(page), document).isascii()


def test_inlined_scripts_keep_their_meaning(page: Path) -> None:
    _, (_, model), (_, app) = inline(page, {}).of("script")
    assert model == (page / "model.js").read_text()
    # In a JavaScript string, \x3c is the same character.
    assert app.replace(r"\x3c", "<").strip() == SCRIPT


def test_inlined_page_admits_only_its_own_scripts(page: Path) -> None:
    elements = inline(page, {})
    ((policy, _),) = (meta for meta in elements.of("meta") if "http-equiv" in meta[0])
    rules = dict(rule.strip().split(" ", 1) for rule in (policy["content"] or "").split(";"))
    assert rules["default-src"] == "'none'"
    for rule, texts in {
        "script-src": [text for attributes, text in elements.of("script") if not attributes],
        "style-src": [text for _, text in elements.of("style")],
    }.items():
        digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in texts]
        assert rules[rule].split() == [f"'sha256-{digest}'" for digest in digests]


def test_page_files_are_those_that_a_browser_reads(page: Path) -> None:
    assert sorted(read_page_files(page)) == ["app.js", "icon.svg", "index.html", "model.js", "style.css"]


def test_page_files_report_a_broken_installation(tmp_path: Path) -> None:
    with pytest.raises(PurgemapError, match="install purgemap again"):
        read_page_files(tmp_path)
