"""Find the parts of a YAML value that must be quoted to be text, and write them with quotes."""

import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

from purgemap.routemap.problems import quote

_READINGS = {
    "*": "YAML reads a leading * as an alias",
    "&": "YAML reads a leading & as an anchor",
    "!": "YAML reads a leading ! as a tag",
    "{": "YAML reads a leading { as a mapping",
    "[": "YAML reads a leading [ as a list",
    "#": "YAML reads # as the start of a comment",
    "|": "YAML reads a leading | as a block of text",
    ">": "YAML reads a leading > as a block of text",
    "-": "YAML reads a leading - as an item of a list",
    "?": "YAML reads a leading ? as a key",
    '"': "YAML ends the text at its closing quote",
    "'": "YAML ends the text at its closing quote",
}
_FORBIDDEN_STARTS = "%@`,"
# Hostile files nest lists thousands of levels deep; a map needs seven.
_MAX_LEVELS = 20
_WHOLE_QUOTED = re.compile(r"""\"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'""")
_PROPERTY = re.compile(r"(?:(?:&[\w-]+|!{1,2}[\w:./-]*)\s+)+")
_ALIAS = re.compile(r"\*([\w-]+)")
_KEY = re.compile(r"""\s*(?:[\w-]+|"[^"]*"|'[^']*')\s*:\s+""")
_JOINED_KEY = re.compile(r"([a-z_]+):(\S.*)")
_CLOSERS = {"[": "]", "{": "}"}
_COMMENT = re.compile(r"(?:^|(?<=\s))#.*")


class Quotation(NamedTuple):
    """A text to replace, usually by the same text in quotes; `reading` is how YAML reads it today."""

    offset: int
    text: str
    replacement: str
    reading: str
    advice: str = "quote it:"

    @property
    def message(self) -> str:
        """The way in which YAML reads the text, and what to write instead."""
        return f"{self.reading}; {self.advice} {self.replacement}"


def explain_reading(text: str) -> str:
    """Explain how YAML reads a text that it does not read as text."""
    if text[:1] in _READINGS:
        return _READINGS[text[0]]
    if " #" in text:
        return _READINGS["#"]
    if ": " in text or text.endswith(":"):
        return "YAML reads a colon and a space as the end of a key"
    if text[:1] in _FORBIDDEN_STARTS:
        return f"text cannot start with {text[0]} in YAML"
    return "YAML reads brackets and braces here as lists and mappings"


def find_quotations(value: str, anchors: Collection[str], offset: int = 0, *, in_flow: bool = False) -> list[Quotation]:
    """Find the quotations of a value: of the whole, or of the items of a list or mapping in brackets."""
    return list(_find(value, offset, anchors, _MAX_LEVELS, in_flow=in_flow))


def find_loose_quotations(value: str, anchors: Collection[str], offset: int) -> Iterator[Quotation]:
    """Find the quotations of list items whose brackets are on other lines."""
    opening = len(value) - len(value.lstrip("[ "))
    start = offset + opening
    for item in re.split(r"(?<=,)\s", value[opening:].rstrip("]} ")):
        yield from find_quotations(item.rstrip(","), anchors, start, in_flow=True)
        start += len(item) + 1


def apply_quotations(text: str, quotations: Collection[Quotation]) -> str:
    """Put the replacements of quotations into a text."""
    for quotation in sorted(quotations, reverse=True):
        end = quotation.offset + len(quotation.text)
        text = text[: quotation.offset] + quotation.replacement + text[end:]
    return text


def remove_comment(text: str) -> str:
    """Remove a comment from the end of a line."""
    return _COMMENT.sub("", text).rstrip()


def _find(value: str, offset: int, anchors: Collection[str], levels: int, *, in_flow: bool) -> Iterator[Quotation]:
    offset += len(value) - len(value.lstrip())
    value = value.strip()
    node_property = _PROPERTY.match(value)
    if node_property:
        yield from _find(value[node_property.end() :], offset + node_property.end(), anchors, levels, in_flow=in_flow)
    elif not value or not levels or _WHOLE_QUOTED.fullmatch(value):
        return
    elif value[0] in _CLOSERS and _closing_index(value) == len(value) - 1:
        yield from _find_inside(value, offset, anchors, levels)
    elif _needs_quotes(value, anchors, in_flow=in_flow):
        yield Quotation(offset, value, quote(_without_quotes(value)), explain_reading(value))


def _find_inside(value: str, offset: int, anchors: Collection[str], levels: int) -> Iterator[Quotation]:
    # A mapping that is only a name is a capture.
    if re.fullmatch(r"\{\w+\}", value):
        yield Quotation(offset, value, quote(value), explain_reading(value))
        return
    for start, item in _split_items(value[1:-1]):
        item_offset = offset + 1 + start
        key = _KEY.match(item) if value[0] == "{" else None
        joined = _JOINED_KEY.fullmatch(item.strip()) if value[0] == "{" and not key else None
        if joined:
            item_offset += len(item) - len(item.lstrip())
            entry = f"{joined[1]}: {joined[2]}"
            yield Quotation(item_offset, item.strip(), entry, "no space after the colon", "write")
            continue
        value_start = key.end() if key else 0
        yield from _find(item[value_start:], item_offset + value_start, anchors, levels - 1, in_flow=True)


def _split_items(text: str) -> Iterator[tuple[int, str]]:
    start, position, depth = 0, 0, 0
    while position < len(text):
        character = text[position]
        # Only an item's first quote opens a quoted text; later ones are part of plain text.
        quoted = _WHOLE_QUOTED.match(text, position)
        if quoted and not text[start:position].strip():
            position = quoted.end()
            continue
        depth += (character in "[{") - (character in "]}")
        if character == "," and depth <= 0:
            yield start, text[start:position]
            start = position + 1
        position += 1
    yield start, text[start:]


def _closing_index(value: str) -> int:
    depth = 0
    for index, character in enumerate(value):
        depth += (character in "[{") - (character in "]}")
        if depth == 0:
            return index
    return -1


def _needs_quotes(value: str, anchors: Collection[str], *, in_flow: bool) -> bool:
    alias = _ALIAS.fullmatch(value)
    if alias:
        return alias[1] not in anchors
    # The intended end of a partly quoted item of a list is unclear.
    if in_flow and value[0] in "\"'":
        return False
    # Both are indicators only before a space: -x and ?x are text.
    if value[0] in "-?":
        return value[1:2] in {"", " "}
    if value[0] in _READINGS or value[0] in _FORBIDDEN_STARTS:
        return True
    is_key = ": " in value or value.endswith(":")
    return " #" in value or is_key or (in_flow and re.search(r"[\[\]{}]", value) is not None)


def _without_quotes(value: str) -> str:
    # In `"docs"/x` the whole is probably intended: remove the quotes around the first part.
    if len(value) > 1 and value[0] in "\"'" and value[0] == value[-1]:
        return value[1:-1]
    quoted = _WHOLE_QUOTED.match(value)
    return quoted[0][1:-1] + value[quoted.end() :] if quoted else value.removeprefix('"').removeprefix("'")
