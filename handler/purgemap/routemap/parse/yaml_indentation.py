"""A line that is indented otherwise than its neighbours → repairs that move it."""

import re
from collections.abc import Iterator
from itertools import islice

from purgemap.routemap.parse.yaml_repairs import LINE, SETTINGS, Fault, Trial

_MAX_MOVED_LINES = 200
_SECTIONS = frozenset({"version", "defaults", "distributions", "routes", "tests"})
_NAMES = re.compile(r"\s*distributions:\s*[\[-]")


def list_moves(lines: list[str], line: int) -> Iterator[Trial]:
    """Move a line, alone or with what is indented below it, to where the lines above it begin."""
    indent = _indent(lines[line])
    above = {column: number for number in range(line) for column in _columns(lines[number])}
    below = islice(_block(lines, line, indent), _MAX_MOVED_LINES)
    block = [lines[line], *below]
    key = _key(lines[line])
    is_section = key in _SECTIONS and not _is_names_of_a_route(block)

    def distance(column: int) -> tuple[bool, int, bool, int]:
        is_other_kind = (_key(lines[above[column]]) in SETTINGS) != (key in SETTINGS)
        return is_section and column > 0, abs(column - indent), is_other_kind, -above[column]

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


def _is_names_of_a_route(block: list[str]) -> bool:
    """Return whether a block is a route's `distributions`: a list, where the section of that name is a mapping."""
    return bool(_NAMES.match("\n".join(block)))


def _key(line: str) -> str:
    parsed = LINE.match(line)
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
