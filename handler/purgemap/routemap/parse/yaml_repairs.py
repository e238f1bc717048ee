"""Lines of a text that is not YAML → repairs that may make it YAML, each with what it says is wrong."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from purgemap.routemap.parse.characters import INVISIBLE, character_name, plain_text
from purgemap.routemap.parse.yaml_quoting import Quotation, find_quotations, reading_of, without_comment
from purgemap.routemap.problems import flow_text, quote

_MAX_INVISIBLE = 20

LINE = re.compile(
    r"""(?P<before>\s*(?:-[ \t]+)*(?:(?P<key>[\w.-]+|"[^"]*"|'[^']*')[ \t]*:(?=\s|$)[ \t]*)?)(?P<value>.*)"""
)
LISTS = frozenset(
    ("accounts", "include", "exclude", "invalidate", "distributions", "events", "index_documents", "strip_suffixes")
)
SETTINGS = frozenset(
    {
        *("name", "bucket", "prefix", "id", "tenant", "role_arn", "external_id"),
        *("max_paths", "max_wildcards", "max_paths_per_day"),
        *("origin_path", "include", "exclude", "events", "index_documents", "clean_urls", "strip_suffixes"),
        *("query_strings", "invalidate", "object", "event", "expect", "distributions", "accounts"),
    }
)
"""The keys of routes, distributions, defaults and tests; other keys are names."""
_JOINED_KEY = re.compile(r"([a-z_]+)(?::(?=\S)| *[\uff1a=] *| +(?=\S))(.+)")
_JOINED_DASH = re.compile(r"(?:-|[\u2013\u2014] ?)(?=[\w\"'{\[])")
_SPECIAL_KEY = re.compile(r"(?P<key>[*&!@%`|>][^\s:]*|\{\w+\}[^\s:]*):(?=\s|$)")
_DOUBLE_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
# https://yaml.org/spec/1.1/#id872840
_UNKNOWN_ESCAPE = re.compile(r"\\(?![0abt\tnvfre \"/\\N_LPxuU])")


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
    parsed = LINE.match(lines[line]) if line < len(lines) else None
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
    yield from _closed_above(lines, near)
    for line in near:
        yield from _dashed(lines, line)
        yield from _reescaped(lines, line)
        yield from _quoted_key(lines, line)
    for line in near:
        yield from _quoted(lines, line, anchors)
    for line in near:
        yield from _keyed(lines, line, anchors)
        yield from _without_comma(lines, line)


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
    parsed = LINE.match(lines[line])
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


def _quoted_key(lines: list[str], line: int) -> Iterator[Trial]:
    """Put quotes around a key that YAML doesn't read as text."""
    parsed = LINE.match(lines[line])
    special = _SPECIAL_KEY.match(parsed["value"]) if parsed else None
    if parsed and special and not parsed["key"]:
        key, column = special["key"], len(parsed["before"])
        rest = parsed["value"][len(key) :]
        message = f"{reading_of(key)}; quote it: {quote(key)}"
        yield Trial(line, [parsed["before"] + quote(key) + rest], [Fault(line, column, message)])


def _reescaped(lines: list[str], line: int) -> Iterator[Trial]:
    """Put single quotes around a text with escapes that double quotes don't have."""
    found = [match for match in _DOUBLE_QUOTED.finditer(lines[line]) if _UNKNOWN_ESCAPE.search(match[0])]
    quotations = []
    for match in found:
        single = "'" + match[0][1:-1].replace("'", "''") + "'"
        escape = "a backslash in double quotes is the start of an escape"
        quotations.append(Quotation(match.start(), match[0], single, escape, "write"))
    if quotations:
        yield Trial(line, [_with_quotes(lines[line], quotations)], [_fault(line, each) for each in quotations])


def _dashed(lines: list[str], line: int) -> Iterator[Trial]:
    """Put a dash and a space before an item."""
    indent = len(lines[line]) - len(lines[line].lstrip())
    text = lines[line][indent:]
    joined = _JOINED_DASH.match(text)
    if joined:
        item = f"- {text[joined.end() :]}"
        message = f"an item starts with a dash and a space; write {without_comment(item)}"
        yield Trial(line, [lines[line][:indent] + item], [Fault(line, indent, message)])


def _without_comma(lines: list[str], line: int) -> Iterator[Trial]:
    text = without_comment(lines[line])
    if text.endswith(","):
        yield Trial(line, [text[:-1]], [Fault(line, len(text) - 1, "a comma after the value; remove it")])


def _closed_above(lines: list[str], near: list[int]) -> Iterator[Trial]:
    """Close the list or mapping around an error on the line above it."""
    if len(near) > 1 and near[1] < near[0] - 1:
        opening = re.search(r"[\[{]\s*$", without_comment(lines[near[1]]))
        above = near[0] - 1
        if opening:
            closer = "]" if opening[0][0] == "[" else "}"
            message = f"never closed; write {closer} after line {above + 1}"
            yield Trial(above, [lines[above] + closer], [Fault(near[1], opening.start(), message)])


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
        text = text[: each.offset] + each.quote + text[each.offset + len(each.text) :]
    return text


def _fault(line: int, quotation: Quotation) -> Fault:
    return Fault(line, quotation.offset, f"{quotation.reading}; {quotation.cure} {quotation.quote}")


def _keyed(lines: list[str], line: int, anchors: frozenset[str]) -> Iterator[Trial]:
    """Put a colon and a space between a key and its value."""
    parsed = LINE.match(lines[line])
    joined = _JOINED_KEY.fullmatch(without_comment(parsed["value"])) if parsed and not parsed["key"] else None
    if parsed is None or joined is None:
        return
    key, value = joined.groups()
    quotations = find_quotations(value, anchors)
    entry = f"{key}: {_with_quotes(value, quotations)}"
    what = "no space after the colon" if f"{key}:" in joined[0] else "no colon after the key"
    column = len(parsed["before"])
    yield Trial(line, [parsed["before"] + entry], [Fault(line, column, f"{what}; write {entry}")])


def _closed(lines: list[str], line: int) -> Iterator[Trial]:
    """Close a quote, a list or a mapping at the end of its line."""
    parsed = LINE.match(lines[line])
    value = without_comment(parsed["value"]) if parsed else ""
    if parsed is None or not value or value[0] not in "\"'[{":
        return
    names = {'"': "quote", "'": "quote", "[": "list", "{": "mapping"}
    closer = {"[": "]", "{": "}"}.get(value[0], value[0])
    if closer in parsed["value"][1:]:
        return
    message = f"the {names[value[0]]} that begins here is never closed; write {value}{closer}"
    yield Trial(line, [parsed["before"] + value + closer], [Fault(line, len(parsed["before"]), message)])
