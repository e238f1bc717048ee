"""Advice on a value that YAML misreads, pasted into the map, is YAML for the intended text."""

import re
from pathlib import Path

import pytest
import yaml

from purgemap.operations.check import check_map

MAP = """\
version: 1
routes:
  - bucket: acme-www
    distributions: [E2EXAMPLE1ABCD]
    {key}: {value}
    events: [created]
"""
_ADVICE = re.compile(r"(?:quote it|quote the text|write):? (\[.*\]|\".*?(?<!\\\\)\")")
TEXTS = [
    *("{site}/", "{site}", "{a}-{b}/", "[a-z]/", "!x/", "!", "#x", "*x/", "**/x", "&x/", "&x", "%x/", "@x/", "`x`/"),
    *("- x/", "? x/", "|x", ">x", ", x", "docs #1/", "a: b/", "a:", "yes", "1.5", "1:30", "~", "2026-11-23"),
]


def find_advice(tmp_path: Path, key: str, value: str) -> str:
    """Return the advice of the first problem on the value's line."""
    file = tmp_path / "routes.yaml"
    file.write_text(MAP.format(key=key, value=value))
    problems = [problem for problem in check_map(file).problems if problem.line == 5]
    match = next(filter(None, (_ADVICE.search(problem.message) for problem in problems)))
    return match[1]


@pytest.mark.parametrize("text", TEXTS)
def test_yaml_advice_on_a_text_yields_that_text(tmp_path: Path, text: str) -> None:
    assert yaml.safe_load(find_advice(tmp_path, "prefix", text)) == text


@pytest.mark.parametrize("text", [text for text in TEXTS if "," not in text])
def test_yaml_advice_on_an_item_yields_that_item(tmp_path: Path, text: str) -> None:
    assert yaml.safe_load(find_advice(tmp_path, "include", f"[a, {text}]")) == text


@pytest.mark.parametrize("text", ["*.html", "*.html, *.css", "{a}/**", "#x", "a.html", "a.html, no", "&x"])
def test_yaml_advice_on_a_list_yields_a_list(tmp_path: Path, text: str) -> None:
    assert yaml.safe_load(find_advice(tmp_path, "include", text)) == text.split(", ")


@pytest.mark.parametrize("quote", ["'", '"'])
def test_yaml_advice_on_a_quoted_text_yields_a_list(tmp_path: Path, quote: str) -> None:
    assert yaml.safe_load(find_advice(tmp_path, "include", f"{quote}*.html{quote}")) == ["*.html"]


@pytest.mark.parametrize(
    ("line", "fixed"),
    [
        ("prefix:docs/", "prefix: docs/"),
        ("prefix docs/", "prefix: docs/"),
        ("prefix:{site}/", 'prefix: "{site}/"'),
        ("include:[a.html]", "include: [a.html]"),
    ],
)
def test_yaml_advice_on_an_entry_is_an_entry(tmp_path: Path, line: str, fixed: str) -> None:
    file = tmp_path / "routes.yaml"
    file.write_text(MAP.format(key="clean_urls", value=f"true\n    {line}"))
    [problem] = check_map(file).problems
    assert (problem.line, problem.column) == (6, 5)
    assert problem.message.endswith(f"; write {fixed}")
