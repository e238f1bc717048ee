"""The documents that people read: where they are, and what is in them."""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from support.places import ROOT

NAMES = (
    "README.md",
    "CONTRIBUTING.md",
    "OPERATIONS.md",
    "SECURITY.md",
    "config/README.md",
    "deploy/README.md",
    "handler/README.md",
    "tests/README.md",
)
DOCUMENTS = tuple(ROOT / name for name in NAMES)

_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_CODE = re.compile(r"`([^`]+)`")


def read_document(name: str) -> str:
    """Read a document by its path below the root."""
    return (ROOT / name).read_text()


def section(name: str, heading: str) -> str:
    """Return the text of a section of a document, without its subsections."""
    _, found, rest = read_document(name).partition(f"\n{heading}\n")
    assert found, f"{name} has no section {heading}"
    return re.split(r"^#+ ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def table_rows(text: str) -> Iterator[list[str]]:
    """Split the rows of the tables in a text into cells, without the heading rows."""
    lines = text.splitlines()
    for line, next_line in pairwise([*lines, ""]):
        if line.startswith("| ") and not next_line.startswith("|--"):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def code_names(text: str) -> set[str]:
    """List what a text writes in backticks."""
    return set(_CODE.findall(text))


def anchors(file: Path) -> set[str]:
    """List the anchors that GitHub makes of a document's headings."""
    headings = _HEADING.findall(_FENCE.sub("", file.read_text()))
    # https://docs.github.com/en/get-started/writing-on-github/getting-started-with-writing-and-formatting-on-github/basic-writing-and-formatting-syntax#section-links
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
