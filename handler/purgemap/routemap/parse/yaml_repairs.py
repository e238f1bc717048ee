"""Propose repairs of lines that are not YAML: quotes, brackets, dashes, colons and indentation.

`purgemap.routemap.parse.yaml_syntax` tries each, and reports the first that helps.
"""

import re
from collections.abc import Iterator
from itertools import islice, takewhile
from typing import NamedTuple

from purgemap.routemap.parse.yaml_misreadings import INVISIBLE, MAX_INVISIBLE, character_name, remove_invisible
from purgemap.routemap.parse.yaml_quoting import (
    Quotation,
    apply_quotations,
    explain_reading,
    find_loose_quotations,
    find_quotations,
    remove_comment,
)
from purgemap.routemap.problems import flow_text, quote

LISTS = frozenset(
    ("accounts", "include", "exclude", "invalidate", "distributions", "events", "index_documents", "strip_suffixes")
)
# The keys of routes, distributions, defaults and tests; other keys are names.
SETTINGS = LISTS | {
    *("name", "bucket", "prefix", "id", "tenant", "role_arn", "external_id", "origin_path", "clean_urls", "object"),
    *("max_paths", "max_wildcards", "max_paths_per_day", "query_strings", "skip_unchanged", "event", "expect"),
}
_SECTIONS = frozenset({"version", "defaults", "distributions", "routes", "tests"})
# A route's `distributions` is a list, the section of the same name a mapping.
_ROUTE_DISTRIBUTIONS = re.compile(r"\s*distributions:\s*[\[-]")
_MAX_MOVED_LINES = 200

_LINE = re.compile(
    r"""(?P<before>\s*(?:-[ \t]+)*(?:(?P<key>[\w.-]+|"[^"]*"|'[^']*')[ \t]*:(?=\s|$)[ \t]*)?)(?P<value>.*)"""
)
_JOINED_KEY = re.compile(r"([a-z_]+)(?::(?=\S)| *[\uff1a=] *| +(?=\S))(.+)")
_JOINED_DASH = re.compile(r"(?:-|[\u2013\u2014] ?)(?=[\w\"'{\[])")
_SPECIAL_KEY = re.compile(r"(?P<key>[*&!@%`|>][^\s:]*|\{\w+\}[^\s:]*):(?=\s|$)")
_DOUBLE_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
# https://yaml.org/spec/1.1/#id872840
_UNKNOWN_ESCAPE = re.compile(r"\\(?![0abt\tnvfre \"/\\N_LPxuU])")
_CLOSERS = {"[": ("list", "]"), "{": ("mapping", "}"), '"': ("quote", '"'), "'": ("quote", "'")}


class SyntaxProblem(NamedTuple):
    """A mistake in the text and its cure; line and column count from 0."""

    line: int
    column: int
    message: str


class Repair(NamedTuple):
    """Lines that replace others from `line` on, and the problems that this would cure.

    `is_guess`: another repair may be equally good, so errors after it are not searched.
    """

    line: int
    lines: list[str]
    problems: list[SyntaxProblem]
    is_guess: bool = False

    def apply(self, lines: list[str]) -> str:
        """Return the repaired text."""
        after = lines[self.line + len(self.lines) :]
        return "\n".join((*lines[: self.line], *self.lines, *after, ""))


class _YamlLine:
    """A line of the text, split into what precedes its value, and the value."""

    def __init__(self, lines: list[str], number: int) -> None:
        self.number, self.text = number, lines[number]
        match = _LINE.match(self.text)
        self.before: str = match["before"] if match else ""
        self.key: str = match["key"] or "" if match else ""
        self.value: str = match["value"] if match else ""
        self.bare_value = remove_comment(self.value)

    def repair(self, text: str, column: int, message: str) -> Repair:
        """Return the repair that replaces this line by a text."""
        return Repair(self.number, [text], [SyntaxProblem(self.number, column, message)])

    def quotation_repair(self, quotations: list[Quotation]) -> Repair:
        """Return the repair that applies quotations to this line."""
        problems = [SyntaxProblem(self.number, quotation.offset, quotation.message) for quotation in quotations]
        return Repair(self.number, [apply_quotations(self.text, quotations)], problems)


def find_unquoted(text: str, number: int, column: int) -> Quotation | None:
    """Find the unquoted text that begins at a line and column."""
    lines = text.splitlines()
    if number >= len(lines):
        return None
    line = _YamlLine(lines, number)
    quotations = find_quotations(line.bare_value, frozenset(), len(line.before))
    return next((quotation for quotation in quotations if quotation.offset == column), None)


def list_repairs(lines: list[str], near: list[int], anchors: frozenset[str]) -> Iterator[Repair]:
    """List the repairs of the lines near an error, the most likely first."""
    near_lines = [_YamlLine(lines, number) for number in near]
    yield from _remove_invisible(lines, near)
    for line in near_lines:
        yield from _close(line)
    yield from _close_above(lines, near)
    for line in near_lines:
        yield from _add_dash(line)
        yield from _fix_escapes(line)
        yield from _quote_key(line)
    for line in near_lines:
        yield from _quote_value(line, anchors)
    for line in near_lines:
        yield from _add_colon(line, anchors)
        yield from _remove_comma(line)
    # Indentation last: nearly every error can be moved away.
    for number in near[:2]:
        yield from _indent_lines(lines, number)


def _remove_invisible(lines: list[str], near: list[int]) -> Iterator[Repair]:
    start, end = min(near, default=0), max(near, default=0)
    block = lines[start : end + 1]
    matches = ((number, match) for number, text in enumerate(block, start) for match in INVISIBLE.finditer(text))
    problems = []
    for number, match in islice(matches, MAX_INVISIBLE):
        cure = "write a space instead" if remove_invisible(match[0]) else "remove it"
        problems.append(SyntaxProblem(number, match.start(), f"an invisible {character_name(match[0])}; {cure}"))
    if problems:
        yield Repair(start, [remove_invisible(text) for text in block], problems)


def _close(line: _YamlLine) -> Iterator[Repair]:
    value = line.bare_value
    if value[:1] in _CLOSERS:
        name, closer = _CLOSERS[value[0]]
        # A closer within the value may be the one that is misplaced, so another repair is better.
        if closer not in line.value[1:]:
            message = f"the {name} that begins here is never closed; write {value}{closer}"
            yield line.repair(f"{line.before}{value}{closer}", len(line.before), message)


def _close_above(lines: list[str], near: list[int]) -> Iterator[Repair]:
    # The error of an open list is reported at the next key, and its context at the bracket.
    if len(near) > 1 and near[1] < near[0] - 1:
        opening = re.search(r"[\[{]\s*$", remove_comment(lines[near[1]]))
        above = near[0] - 1
        if opening:
            name, closer = _CLOSERS[opening[0][0]]
            message = f"the {name} that begins here is never closed; write {closer} after line {above + 1}"
            yield Repair(above, [lines[above] + closer], [SyntaxProblem(near[1], opening.start(), message)])


def _add_dash(line: _YamlLine) -> Iterator[Repair]:
    indent = _indent(line.text)
    joined = _JOINED_DASH.match(line.text, indent)
    if joined:
        item = f"- {line.text[joined.end() :]}"
        message = f"an item starts with a dash and a space; write {remove_comment(item)}"
        yield line.repair(line.text[:indent] + item, indent, message)


def _fix_escapes(line: _YamlLine) -> Iterator[Repair]:
    # Single quotes have no escapes.
    quotations = []
    for match in _DOUBLE_QUOTED.finditer(line.text):
        if _UNKNOWN_ESCAPE.search(match[0]):
            single = "'" + match[0][1:-1].replace("'", "''") + "'"
            reading = "a backslash in double quotes starts an escape"
            quotations.append(Quotation(match.start(), match[0], single, reading, "write"))
    if quotations:
        yield line.quotation_repair(quotations)


def _quote_key(line: _YamlLine) -> Iterator[Repair]:
    match = _SPECIAL_KEY.match(line.value)
    if match and not line.key:
        key = match["key"]
        yield line.quotation_repair([Quotation(len(line.before), key, quote(key), explain_reading(key))])


def _quote_value(line: _YamlLine, anchors: frozenset[str]) -> Iterator[Repair]:
    value, uncommented, column = line.value.rstrip(), line.bare_value, len(line.before)
    # A comment may be a part of the text: its quotation is tried last.
    for text in dict.fromkeys((value,) if _is_list(value) and not _is_list(uncommented) else (uncommented, value)):
        body = text.rstrip(",")
        quotations = find_quotations(body, anchors, column) or [*find_loose_quotations(body, anchors, column)]
        if quotations:
            repair = line.quotation_repair(quotations)
            if line.key in LISTS and quotations[0].offset == column and quotations[0].text == text:
                message = f"{quotations[0].reading}; write [{', '.join(map(flow_text, text.split(', ')))}]"
                repair = repair._replace(problems=[SyntaxProblem(line.number, column, message)])
            yield repair


def _is_list(value: str) -> bool:
    return value[:1] in {"[", "{"} and value[-1:] in {"]", "}"}


def _add_colon(line: _YamlLine, anchors: frozenset[str]) -> Iterator[Repair]:
    joined = None if line.key else _JOINED_KEY.fullmatch(line.bare_value)
    if joined:
        key, value = joined.groups()
        entry = f"{key}: {apply_quotations(value, find_quotations(value, anchors))}"
        mistake = "no space after the colon" if f"{key}:" in joined[0] else "no colon after the key"
        yield line.repair(line.before + entry, len(line.before), f"{mistake}; write {entry}")


def _remove_comma(line: _YamlLine) -> Iterator[Repair]:
    text = remove_comment(line.text)
    if text.endswith(","):
        yield line.repair(text[:-1], len(text) - 1, "a comma after the value; remove it")


def _indent_lines(lines: list[str], number: int) -> Iterator[Repair]:
    """Move a line, alone or with the lines below it, to a column where a line above begins."""
    line = _YamlLine(lines, number)
    indent, key = _indent(line.text), line.key
    line_by_column = {column: above for above in range(number) for column in _content_columns(lines[above])}
    below = lines[number + 1 : number + 1 + _MAX_MOVED_LINES]
    block = [line.text, *takewhile(lambda text: not text.strip() or _indent(text) > indent, below)]
    is_section = key in _SECTIONS and not _ROUTE_DISTRIBUTIONS.match("\n".join(block))

    def distance(column: int) -> tuple[bool, int, bool, int]:
        above = line_by_column[column]
        is_other_kind = (_YamlLine(lines, above).key in SETTINGS) != (key in SETTINGS)
        return is_section and column > 0, abs(column - indent), is_other_kind, -above

    for column in sorted(line_by_column.keys() - {indent}, key=distance)[:3]:
        spaces = "1 space" if indent == 1 else f"{indent} spaces"
        message = f"indented by {spaces}; indent it by {column}, like line {line_by_column[column] + 1}"
        for moved_lines in (block[:1], block):
            shifted = [" " * max(0, _indent(text) + column - indent) + text.lstrip() for text in moved_lines]
            yield Repair(number, shifted, [SyntaxProblem(number, indent, message)], is_guess=True)


def _content_columns(text: str) -> Iterator[int]:
    # Content begins at the dash of an item, and again after it.
    if text.strip() and not text.lstrip().startswith("#"):
        yield _indent(text)
        dashes = re.match(r"\s*(?:-\s+)+", text)
        if dashes:
            yield dashes.end()


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip())
