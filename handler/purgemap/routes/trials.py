"""Lines of a text that is not YAML → repairs that may make it YAML, each with what it says is wrong."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from purgemap.routes.characters import INVISIBLE, character_name, plain_text
from purgemap.routes.quoting import Quotation, find_quotations, without_comment
from purgemap.routes.suggestion import flow_text

_MAX_INVISIBLE = 20
_MAX_MOVED_LINES = 200

_LINE = re.compile(
    r"""(?P<before>\s*(?:-[ \t]+)*(?:(?P<key>[\w.-]+|"[^"]*"|'[^']*')[ \t]*:(?=\s|$)[ \t]*)?)(?P<value>.*)"""
)
LISTS = frozenset({"include", "exclude", "invalidate", "distributions", "events", "index_documents", "strip_suffixes"})
_SECTIONS = frozenset({"version", "defaults", "distributions", "routes", "tests"})
SETTINGS = frozenset(
    {
        *("name", "bucket", "prefix", "id", "tenant", "role_arn", "external_id", "max_paths", "max_wildcards"),
        *("origin_path", "include", "exclude", "events", "index_documents", "clean_urls", "strip_suffixes"),
        *("query_strings", "invalidate", "object", "event", "expect", "distributions"),
    }
)
"""The keys of routes, distributions, defaults and tests; other keys are names."""
_JOINED_KEY = re.compile(r"([a-z_]+)(?::(?=\S)| *\uff1a *| +(?=\S))(.+)")


class Fault(NamedTuple):
    """What is wrong at a place of the text, and how to fix it; line and column count from 0."""

    line: int
    column: int
    message: str


class Trial(NamedTuple):
    """Lines to put in place of others from a line on, and the faults that this would cure.

    `is_guess`: another repair of the same line may be as good, so what follows it is not looked at.
    """

    line: int
    lines: list[str]
    faults: list[Fault]
    is_guess: bool = False

    def apply(self, lines: list[str]) -> str:
        """Return the text with this trial's lines in place."""
        after = lines[self.line + len(self.lines) :]
        return "\n".join((*lines[: self.line], *self.lines, *after, ""))


def find_unquoted(text: str, line: int, column: int) -> Quotation | None:
    """Find the unquoted text that begins at a place."""
    lines = text.splitlines()
    parsed = _LINE.match(lines[line]) if line < len(lines) else None
    if parsed is None:
        return None
    start = parsed.end("before")
    found = find_quotations(without_comment(parsed["value"]), frozenset(), start)
    return next((quotation for quotation in found if quotation.offset == column), None)


def list_trials(lines: list[str], near: list[int], anchors: frozenset[str]) -> Iterator[Trial]:
    """List the repairs of the lines near an error, the likelier ones first."""
    yield from _visible(lines, near)
    for line in near:
        yield from _closed(lines, line)
    for line in near:
        yield from _quoted(lines, line, anchors)
    for line in near:
        yield from _keyed(lines, line, anchors)
    for line in near[:2]:
        yield from _indented(lines, line)


def _visible(lines: list[str], near: list[int]) -> Iterator[Trial]:
    """Put spaces, or nothing, in place of invisible characters of all lines near."""
    first, last = min(near, default=0), max(near, default=0)
    block = lines[first : last + 1]
    found = [(line, match) for line, text in enumerate(block, first) for match in INVISIBLE.finditer(text)]
    faults = [
        Fault(line, match.start(), f"an invisible {character_name(match[0])}; {_cure(match[0])}")
        for line, match in found[:_MAX_INVISIBLE]
    ]
    if faults:
        yield Trial(first, [plain_text(text) for text in block], faults)


def _cure(character: str) -> str:
    return "write a space instead" if plain_text(character) else "remove it"


def _quoted(lines: list[str], line: int, anchors: frozenset[str]) -> Iterator[Trial]:
    """Put quotes around what YAML doesn't read as text: with what looks like a comment as the last resort."""
    parsed = _LINE.match(lines[line])
    if parsed is None:
        return
    before, value = parsed["before"], parsed["value"].rstrip()
    cut = without_comment(value)
    for text in dict.fromkeys((value,) if _is_list(value) and not _is_list(cut) else (cut, value)):
        body = text.rstrip(",") if text.endswith(",") else text
        found = find_quotations(body, anchors, len(before)) or list(_loose_quotations(body, anchors, len(before)))
        if found:
            faults = [_fault(line, each) for each in found]
            if parsed["key"] in LISTS and found[0].offset == len(before) and found[0].text == text:
                faults = [Fault(line, len(before), f"{found[0].reading}; write [{_items_text(text)}]")]
            yield Trial(line, [_with_quotes(lines[line], found)], faults)


def _items_text(text: str) -> str:
    return ", ".join(map(flow_text, text.split(", ")))


def _is_list(value: str) -> bool:
    return value[:1] in {"[", "{"} and value[-1:] in {"]", "}"}


def _loose_quotations(body: str, anchors: frozenset[str], offset: int) -> Iterator[Quotation]:
    """Look at the items of a list whose brackets are on other lines."""
    opening = len(body) - len(body.lstrip("[ "))
    inner = body[opening:].rstrip("]} ")
    start = offset + opening
    for item in re.split(r"(?<=,)\s", inner):
        yield from find_quotations(item.rstrip(","), anchors, start, in_flow=True)
        start += len(item) + 1


def _with_quotes(text: str, quotations: list[Quotation]) -> str:
    for each in reversed(quotations):
        text = text[: each.offset] + each.quoted + text[each.offset + len(each.text) :]
    return text


def _fault(line: int, quotation: Quotation) -> Fault:
    return Fault(line, quotation.offset, f"{quotation.reading}; quote it: {quotation.quoted}")


def _keyed(lines: list[str], line: int, anchors: frozenset[str]) -> Iterator[Trial]:
    """Put a colon and a space between a key and its value."""
    parsed = _LINE.match(lines[line])
    joined = _JOINED_KEY.fullmatch(without_comment(parsed["value"])) if parsed and not parsed["key"] else None
    if parsed is None or joined is None:
        return
    key, value = joined.groups()
    quotations = find_quotations(value, anchors)
    entry = f"{key}: {_with_quotes(value, quotations)}"
    what = "no space after the colon" if f"{key}:" in joined[0] else "no colon after the key"
    column = len(parsed["before"])
    yield Trial(line, [parsed["before"] + entry], [Fault(line, column, f"{what}; write {entry}")])


def _indented(lines: list[str], line: int) -> Iterator[Trial]:
    """Move a line, alone or with what is indented below it, to where the lines above it begin."""
    indent = _indent(lines[line])
    above = {column: number for number in range(line) for column in _columns(lines[number])}
    below = islice(_block(lines, line, indent), _MAX_MOVED_LINES)
    block = [lines[line], *below]
    key = _key(lines[line])

    def distance(column: int) -> tuple[bool, int, bool, int]:
        is_other_kind = (_key(lines[above[column]]) in SETTINGS) != (key in SETTINGS)
        return key in _SECTIONS and column > 0, abs(column - indent), is_other_kind, -above[column]

    for column in sorted(above.keys() - {indent}, key=distance)[:3]:
        message = f"indented by {_spaces(indent)}; indent it by {column}, as line {above[column] + 1}"
        for moved in ([lines[line]], block):
            shifted = [" " * max(0, _indent(each) + column - indent) + each.lstrip() for each in moved]
            yield Trial(line, shifted, [Fault(line, indent, message)], is_guess=True)


def _block(lines: list[str], line: int, indent: int) -> Iterator[str]:
    for below in lines[line + 1 :]:
        if below.strip() and _indent(below) <= indent:
            return
        yield below


def _key(line: str) -> str:
    parsed = _LINE.match(line)
    return parsed["key"] or "" if parsed else ""


def _columns(line: str) -> Iterator[int]:
    """Give the columns where a line's content begins: its dash, and what follows that."""
    if line.strip() and not line.lstrip().startswith("#"):
        yield _indent(line)
        dashes = re.match(r"\s*(?:-\s+)+", line)
        if dashes:
            yield dashes.end()


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _spaces(count: int) -> str:
    return "1 space" if count == 1 else f"{count} spaces"


def _closed(lines: list[str], line: int) -> Iterator[Trial]:
    """Close a quote, a list or a mapping at the end of its line."""
    parsed = _LINE.match(lines[line])
    value = without_comment(parsed["value"]) if parsed else ""
    if parsed is None or not value or value[0] not in "\"'[{":
        return
    names = {'"': "quote", "'": "quote", "[": "list", "{": "mapping"}
    closer = {"[": "]", "{": "}"}.get(value[0], value[0])
    if closer in parsed["value"][1:]:
        return
    message = f"the {names[value[0]]} that begins here is never closed; write {value}{closer}"
    yield Trial(line, [parsed["before"] + value + closer], [Fault(line, len(parsed["before"]), message)])
