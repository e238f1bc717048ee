"""Warn of valid YAML whose text differs from what it looks like on the screen.

Such are ends that are read as comments, invisible characters, and typographic quotes.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from itertools import chain, islice
from typing import NamedTuple

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from purgemap.routemap.problems import Path, Problem, path_text, quote
from purgemap.text import escape_control_characters

# Invisible characters reported per file.
MAX_INVISIBLE = 20

# White space other than space, tab and line end; format characters (category Cf); letters without a glyph.
INVISIBLE = re.compile(
    "[\x85\u00a0\u00ad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000"
    "\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e007f]"
)
# Emoji and several scripts join characters with these two; tags (U+E0020 and above) form flags.
_JOINERS = re.compile("[\u200c\u200d\U000e0020-\U000e007f]")
_QUOTES = "\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u00ab\u00bb\u2039\u203a"
_TYPOGRAPHIC = re.compile(f"[{_QUOTES}](.*)[{_QUOTES}]", re.DOTALL)
# An intended comment usually has a space after its #.
_COMMENT = re.compile(r"(?<=\S)[ \t]+#(?=[^\s#!])(?P<text>[^\n\r]*)")
_SUSPICIOUS = re.compile(rf"{_COMMENT.pattern}|{INVISIBLE.pattern}|[{_QUOTES}]")
_MAX_FOUR_DIGIT_CODE = 0xFFFF
_MAY_HOLD_NUMBER_SIGN = frozenset(
    {"prefix", "include", "exclude", "index_documents", "invalidate", "object", "expect", "strip_suffixes"}
)


def character_name(character: str) -> str:
    """Name a character by its code and its Unicode name."""
    name = unicodedata.name(character, "").lower()
    return f"U+{ord(character):04X} ({name})" if name else f"U+{ord(character):04X}"


def remove_invisible(text: str) -> str:
    """Replace invisible white space by spaces, and remove other invisible characters."""
    return INVISIBLE.sub(lambda match: " " if unicodedata.category(match[0]).startswith("Z") else "", text)


class _Scalar(NamedTuple):
    start: int
    end: int
    path: Path
    node: ScalarNode


# A scalar with a misreading, its text before that place, and the message.
_Misreading = tuple[_Scalar, str, str]


def find_misreadings(file: str, text: str, root: Node) -> list[Problem]:
    """Find the places of a file that a person may misread."""
    # The search is one pass in C; nearly all files have no suspicious character, and their nodes are not walked.
    if not _SUSPICIOUS.search(text):
        return []
    scalars = sorted(_list_scalars(root, (), set()), key=lambda scalar: scalar.start)
    misreadings = chain(_find_comments(text, scalars), _find_invisible(text, scalars), _find_typographic(scalars))
    return [_locate(file, *misreading) for misreading in misreadings]


def _locate(file: str, scalar: _Scalar, before: str, message: str) -> Problem:
    mark, lines = scalar.node.start_mark, before.splitlines() or [""]
    line, column = mark.line + len(lines), len(lines[-1]) + (mark.column if len(lines) == 1 else 0) + 1
    return Problem("warning", file, line, column, path_text(scalar.path), escape_control_characters(message))


def _list_scalars(node: Node, path: Path, seen: set[int]) -> Iterator[_Scalar]:
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, ScalarNode):
        yield _Scalar(node.start_mark.index, node.end_mark.index, path, node)
    elif isinstance(node, SequenceNode):
        for index, item in enumerate(node.value):
            yield from _list_scalars(item, (*path, index), seen)
    elif isinstance(node, MappingNode):
        for key, value in node.value:
            below = (*path, str(key.value))
            yield from _list_scalars(key, below, seen)
            yield from _list_scalars(value, below, seen)


def _find_comments(text: str, scalars: list[_Scalar]) -> Iterator[_Misreading]:
    by_end = {scalar.end: scalar for scalar in scalars if not scalar.node.style and _may_hold_number_sign(scalar.path)}
    for match in _COMMENT.finditer(text):
        scalar = by_end.get(match.start())
        if scalar and scalar.end > scalar.start:
            whole = quote((scalar.node.value + match[0]).rstrip(" ,"))
            comment = quote(f"#{match['text']}".rstrip())
            message = f"YAML reads {comment} as a comment; quote the text: {whole}, or put a space after the #"
            yield scalar, "", message


def _may_hold_number_sign(path: Path) -> bool:
    return not _MAY_HOLD_NUMBER_SIGN.isdisjoint(path[-3:]) and not str(path[0]).startswith("x-")


def _find_invisible(text: str, scalars: list[_Scalar]) -> Iterator[_Misreading]:
    starts = [scalar.start for scalar in scalars]
    matches = (match.start() for match in INVISIBLE.finditer(text) if not _joins_characters(match))
    for index in islice(matches, MAX_INVISIBLE):
        position = bisect_right(starts, index) - 1
        if position >= 0 and index < scalars[position].end:
            name, code = character_name(text[index]), ord(text[index])
            escape = f'"\\u{code:04X}"' if code <= _MAX_FOUR_DIGIT_CODE else f'"\\U{code:08X}"'
            message = f"an invisible {name}; remove it, or write {escape} if it is intended"
            yield scalars[position], text[scalars[position].start : index], message


def _joins_characters(match: re.Match[str]) -> bool:
    # Joiners are legitimate between characters beyond ASCII only.
    before, after = match.string[match.start() - 1 : match.start()], match.string[match.end() : match.end() + 1]
    return bool(_JOINERS.fullmatch(match[0])) and not before.isascii() and not after.isascii()


def _find_typographic(scalars: list[_Scalar]) -> Iterator[_Misreading]:
    for scalar in scalars:
        match = _TYPOGRAPHIC.fullmatch(scalar.node.value)
        if match:
            message = f"the quotes of {scalar.node.value} are part of the text; write {quote(match[1])}"
            yield scalar, "", message
