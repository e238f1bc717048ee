"""Text that is not YAML → where it breaks and how to fix it: each cure is tried on the text before it is given."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

import yaml

from purgemap.routes.characters import INVISIBLE, character_name, plain_text
from purgemap.routes.quoting import Quotation, find_quotations, without_comment
from purgemap.routes.suggestion import flow_text

_MAX_LINES_BACK = 5
_MAX_PARSED_CHARACTERS = 24_000_000
"""How much text all trials of one mistake may parse; libyaml parses some 10 MB a second."""
_MAX_TRIALS = 40
_MAX_MISTAKES = 20
_MAX_REPAIRED_CHARACTERS = 50_000
"""Of a larger text only the first mistake is cured: a trial takes 0.1 s for 10,000 routes."""

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

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
_ANCHOR = re.compile(r"&([\w-]+)")
_JOINED_KEY = re.compile(r"([a-z_]+)(?::(?=\S)| *\uff1a *| +(?=\S))(.+)")


class Fault(NamedTuple):
    """What is wrong at a place of the text, and how to fix it; line and column count from 0."""

    line: int
    column: int
    message: str


class _Trial(NamedTuple):
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


def find_cures(text: str, error: yaml.MarkedYAMLError) -> tuple[list[Fault], yaml.MarkedYAMLError | None]:
    """Find the faults behind a text's syntax errors, and the first error that no cure was found for."""
    faults: list[Fault] = []
    broken: yaml.MarkedYAMLError | None = error
    most = _MAX_MISTAKES if len(text) <= _MAX_REPAIRED_CHARACTERS else 1
    while broken is not None and len(faults) < most:
        trial = _find_trial(text, broken)
        if trial is None:
            return faults, broken
        faults += trial.faults
        text = trial.apply(text.splitlines())
        broken = None if trial.is_guess else _first_error(text)
    return faults, None


def _find_trial(text: str, error: yaml.MarkedYAMLError) -> _Trial | None:
    """Try cures near an error: the first that leaves no error at all, else the first that lets the text parse on."""
    lines = text.splitlines()
    if not lines:
        return None
    most = min(_MAX_TRIALS, _MAX_PARSED_CHARACTERS // len(text))
    helpful = None
    for trial in islice(_trials(lines, _near(lines, error), frozenset(_ANCHOR.findall(text))), most):
        further = _first_error(trial.apply(lines))
        if further is None:
            return trial
        if helpful is None and _line(further) > max(_line(error), trial.line):
            helpful = trial
    return helpful


def _line(error: yaml.MarkedYAMLError) -> int:
    mark = error.problem_mark or error.context_mark
    return mark.line if mark else 0


def _first_error(text: str) -> yaml.MarkedYAMLError | None:
    try:
        for _ in yaml.parse(text, Loader=_Loader):
            pass
    except yaml.MarkedYAMLError as error:
        return error
    return None


def find_unquoted(text: str, line: int, column: int) -> Quotation | None:
    """Find the unquoted text that begins at a place."""
    lines = text.splitlines()
    parsed = _LINE.match(lines[line]) if line < len(lines) else None
    if parsed is None:
        return None
    start = parsed.end("before")
    found = find_quotations(without_comment(parsed["value"]), frozenset(), start)
    return next((quotation for quotation in found if quotation.offset == column), None)


def _near(lines: list[str], error: yaml.MarkedYAMLError) -> list[int]:
    """List the lines where the mistake may be: that of the error, of its context, and those before."""
    marks = [mark.line for mark in (error.problem_mark, error.context_mark) if mark]
    last = min(marks[0], len(lines))
    before = [line for line in range(last - 1, -1, -1) if lines[line].strip() and lines[line].lstrip()[0] != "#"]
    near = (*marks, *before[:_MAX_LINES_BACK], *_open_quote(lines, before))
    return [line for line in dict.fromkeys(near) if line < len(lines)]


def _open_quote(lines: list[str], before: list[int]) -> Iterator[int]:
    """Find the nearest line with a quote that it doesn't close."""
    return islice((line for line in before if _unclosed(lines[line])), 1)


def _unclosed(line: str) -> bool:
    value = without_comment(line)
    return any(value.count(quote) % 2 for quote in "\"'")


def _trials(lines: list[str], near: list[int], anchors: frozenset[str]) -> Iterator[_Trial]:
    yield from _visible(lines, near)
    for line in near:
        yield from _closed(lines, line)
    for line in near:
        yield from _quoted(lines, line, anchors)
    for line in near:
        yield from _keyed(lines, line, anchors)
    for line in near[:2]:
        yield from _indented(lines, line)


def _visible(lines: list[str], near: list[int]) -> Iterator[_Trial]:
    """Put spaces, or nothing, in place of invisible characters of all lines near."""
    first, last = min(near, default=0), max(near, default=0)
    block = lines[first : last + 1]
    found = [(line, match) for line, text in enumerate(block, first) for match in INVISIBLE.finditer(text)]
    faults = [
        Fault(line, match.start(), f"an invisible {character_name(match[0])}; {_cure(match[0])}")
        for line, match in found[:_MAX_MISTAKES]
    ]
    if faults:
        yield _Trial(first, [plain_text(text) for text in block], faults)


def _cure(character: str) -> str:
    return "write a space instead" if plain_text(character) else "remove it"


def _quoted(lines: list[str], line: int, anchors: frozenset[str]) -> Iterator[_Trial]:
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
            yield _Trial(line, [_with_quotes(lines[line], found)], faults)


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


def _keyed(lines: list[str], line: int, anchors: frozenset[str]) -> Iterator[_Trial]:
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
    yield _Trial(line, [parsed["before"] + entry], [Fault(line, column, f"{what}; write {entry}")])


def _indented(lines: list[str], line: int) -> Iterator[_Trial]:
    """Move a line, alone or with what is indented below it, to where the lines above it begin."""
    indent = _indent(lines[line])
    above = {column: number for number in range(line) for column in _columns(lines[number])}
    below = islice(_block(lines, line, indent), 200)
    block = [lines[line], *below]
    key = _key(lines[line])

    def distance(column: int) -> tuple[bool, int, bool, int]:
        is_other_kind = (_key(lines[above[column]]) in SETTINGS) != (key in SETTINGS)
        return key in _SECTIONS and column > 0, abs(column - indent), is_other_kind, -above[column]

    for column in sorted(above.keys() - {indent}, key=distance)[:3]:
        message = f"indented by {_spaces(indent)}; indent it by {column}, as line {above[column] + 1}"
        for moved in ([lines[line]], block):
            shifted = [" " * max(0, _indent(each) + column - indent) + each.lstrip() for each in moved]
            yield _Trial(line, shifted, [Fault(line, indent, message)], is_guess=True)


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


def _closed(lines: list[str], line: int) -> Iterator[_Trial]:
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
    yield _Trial(line, [parsed["before"] + value + closer], [Fault(line, len(parsed["before"]), message)])
