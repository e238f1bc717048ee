"""What YAML reads otherwise than it looks on the screen: cut ends, invisible characters, quotes of another kind."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from purgemap.routemap.parse.characters import INVISIBLE, character_name, invisible_places
from purgemap.routemap.problems import Path, quote

_QUOTES = "\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u00ab\u00bb\u2039\u203a"
_TYPOGRAPHIC = re.compile(f"[{_QUOTES}](.*)[{_QUOTES}]", re.DOTALL)
# A comment usually has a space after its #.
_COMMENT = re.compile(r"(?<=\S)[ \t]+#(?=[^\s#!])(?P<text>[^\n\r]*)")
_SUSPICIOUS = re.compile(rf"{_COMMENT.pattern}|{INVISIBLE.pattern}|[{_QUOTES}]")

_LAST_OF_FOUR_DIGITS = 0xFFFF
_MAX_INVISIBLE = 20
_HOLDING_NUMBER_SIGNS = frozenset(
    {"prefix", "include", "exclude", "index_documents", "invalidate", "object", "expect", "strip_suffixes"}
)


class Reading(NamedTuple):
    """A place of a file where its text means something else than people see; line and column count from 1."""

    path: Path
    line: int
    column: int
    message: str


class _Scalar(NamedTuple):
    start: int
    end: int
    path: Path
    node: ScalarNode


def find_readings(text: str, root: Node) -> list[Reading]:
    """Find what of a file reads otherwise than it looks; a file without suspicious characters isn't walked."""
    if not _SUSPICIOUS.search(text):
        return []
    scalars = sorted(_scalars(root, (), set()), key=lambda scalar: scalar.start)
    return [*_cut_ends(text, scalars), *_invisible(text, scalars), *_typographic(scalars)]


def _scalars(node: Node, path: Path, seen: set[int]) -> Iterator[_Scalar]:
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, ScalarNode):
        yield _Scalar(node.start_mark.index, node.end_mark.index, path, node)
    elif isinstance(node, SequenceNode):
        for index, item in enumerate(node.value):
            yield from _scalars(item, (*path, index), seen)
    elif isinstance(node, MappingNode):
        for key, value in node.value:
            below = (*path, str(key.value))
            yield from _scalars(key, below, seen)
            yield from _scalars(value, below, seen)


def _cut_ends(text: str, scalars: list[_Scalar]) -> Iterator[Reading]:
    by_end = {scalar.end: scalar for scalar in scalars if not scalar.node.style and _may_hold(scalar.path)}
    for match in _COMMENT.finditer(text):
        scalar = by_end.get(match.start())
        if scalar and scalar.end > scalar.start:
            full_match = quote((scalar.node.value + match[0]).rstrip(" ,"))
            lost = quote(f"#{match['text']}".rstrip())
            message = f"YAML takes {lost} for a comment; quote the text: {full_match}, or put a space after the #"
            yield _reading(scalar, "", message)


def _may_hold(path: Path) -> bool:
    return not _HOLDING_NUMBER_SIGNS.isdisjoint(path[-3:]) and not str(path[0]).startswith("x-")


def _invisible(text: str, scalars: list[_Scalar]) -> Iterator[Reading]:
    starts = [scalar.start for scalar in scalars]
    for index in islice(invisible_places(text), _MAX_INVISIBLE):
        place = bisect_right(starts, index) - 1
        if place >= 0 and index < scalars[place].end:
            name, code = character_name(text[index]), ord(text[index])
            escape = f'"\\u{code:04X}"' if code <= _LAST_OF_FOUR_DIGITS else f'"\\U{code:08X}"'
            message = f"an invisible {name}; remove it, or write {escape} to mean it"
            yield _reading(scalars[place], text[scalars[place].start : index], message)


def _typographic(scalars: list[_Scalar]) -> Iterator[Reading]:
    for scalar in scalars:
        match = _TYPOGRAPHIC.fullmatch(scalar.node.value)
        if match:
            message = f"the quotes of {scalar.node.value} are part of the text; write {quote(match[1])}"
            yield _reading(scalar, "", message)


def _reading(scalar: _Scalar, before: str, message: str) -> Reading:
    """Make the reading of a place in a scalar, by the scalar's text before it."""
    mark, lines = scalar.node.start_mark, before.splitlines() or [""]
    column = len(lines[-1]) + (mark.column if len(lines) == 1 else 0)
    return Reading(scalar.path, mark.line + len(lines), column + 1, message)
