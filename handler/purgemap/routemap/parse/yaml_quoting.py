"""A value as somebody wrote it into YAML → the same text in quotes, where YAML would read something else."""

import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

from purgemap.routemap.problems import quote

_READINGS = {
    "*": "YAML takes a leading * for an alias",
    "&": "YAML takes a leading & for an anchor",
    "!": "YAML takes a leading ! for a tag",
    "{": "YAML takes a leading { for a mapping",
    "[": "YAML takes a leading [ for a list",
    "#": "YAML takes # for the start of a comment",
    "|": "YAML takes a leading | for a block of text",
    ">": "YAML takes a leading > for a block of text",
    "-": "YAML takes a leading - for an item of a list",
    "?": "YAML takes a leading ? for a key",
    '"': "YAML takes the text for complete at its closing quote",
    "'": "YAML takes the text for complete at its closing quote",
}
_MAX_LEVELS = 20
_WHOLE_QUOTED = re.compile(r"""\"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'""")
_PROPERTY = re.compile(r"(?:(?:&[\w-]+|!{1,2}[\w:./-]*)\s+)+")
_ALIAS = re.compile(r"\*([\w-]+)")
_KEY = re.compile(r"""\s*(?:[\w-]+|"[^"]*"|'[^']*')\s*:\s+""")
_JOINED_KEY = re.compile(r"([a-z_]+):(\S.*)")
_CLOSERS = {"[": "]", "{": "}"}
_COMMENT = re.compile(r"(?:^|(?<=\s))#.*")


class Quotation(NamedTuple):
    """A text that needs quotes: where it begins, how it reads with quotes, and how YAML reads it without.

    `quoted` may also be another repair of the text, as `cure` says.
    """

    offset: int
    text: str
    quote: str
    reading: str
    cure: str = "quote it:"


def reading_of(text: str) -> str:
    """Say how YAML reads a text that it doesn't take for text."""
    if text[:1] in _READINGS:
        return _READINGS[text[0]]
    if " #" in text:
        return _READINGS["#"]
    if ": " in text or text.endswith(":"):
        return "YAML takes a colon and a space for the end of a key"
    if text[:1] in "%@`,":
        return f"text can't start with {text[0]} in YAML"
    return "YAML takes brackets and braces here for lists and mappings"


def find_quotations(value: str, anchors: Collection[str], offset: int = 0, *, in_flow: bool = False) -> list[Quotation]:
    """Find what of a value needs quotes to be text: the whole of it, or items of the list or mapping that it is."""
    return list(_find(value, offset, _Context(anchors, in_flow, _MAX_LEVELS)))


class _Context(NamedTuple):
    """What a value is in: the anchors of its file, whether brackets are around it, how deep to look into it."""

    anchors: Collection[str]
    in_flow: bool
    levels: int


def _find(value: str, offset: int, context: _Context) -> Iterator[Quotation]:
    skipped = len(value) - len(value.lstrip())
    value, offset = value.strip(), offset + skipped
    given = _PROPERTY.match(value)
    if given:
        yield from _find(value[given.end() :], offset + given.end(), context)
    elif not value or not context.levels or _WHOLE_QUOTED.fullmatch(value):
        return
    elif value[0] in _CLOSERS and _closing_place(value) == len(value) - 1:
        yield from _find_inside(value, offset, context)
    elif _needs_quotes(value, context):
        yield Quotation(offset, value, quote(_without_quotes(value)), reading_of(value))


def _find_inside(value: str, offset: int, context: _Context) -> Iterator[Quotation]:
    """Look at each item of a list or mapping in brackets; a mapping that is only a name is a capture."""
    if re.fullmatch(r"\{\w+\}", value):
        yield Quotation(offset, value, quote(value), reading_of(value))
        return
    inside = context._replace(in_flow=True, levels=context.levels - 1)
    for start, item in _items(value[1:-1]):
        key = _KEY.match(item) if value[0] == "{" else None
        joined = _JOINED_KEY.fullmatch(item.strip()) if value[0] == "{" and not key else None
        if joined:
            before = len(item) - len(item.lstrip())
            entry = f"{joined[1]}: {joined[2]}"
            yield Quotation(offset + 1 + start + before, item.strip(), entry, "no space after the colon", "write")
            continue
        cut = key.end() if key else 0
        yield from _find(item[cut:], offset + 1 + start + cut, inside)


def _items(text: str) -> Iterator[tuple[int, str]]:
    """Split at the commas outside of quotes, brackets and braces."""
    start, position, depth = 0, 0, 0
    while position < len(text):
        character = text[position]
        full_match = _WHOLE_QUOTED.match(text, position)
        if full_match and not text[start:position].strip():
            position = full_match.end()
            continue
        depth += (character in "[{") - (character in "]}")
        if character == "," and depth <= 0:
            yield start, text[start:position]
            start = position + 1
        position += 1
    yield start, text[start:]


def _closing_place(value: str) -> int:
    """Find the bracket that closes the first one; -1 where none does."""
    depth = 0
    for place, character in enumerate(value):
        depth += (character in "[{") - (character in "]}")
        if depth == 0:
            return place
    return -1


def _needs_quotes(value: str, context: _Context) -> bool:
    alias = _ALIAS.fullmatch(value)
    if alias:
        return alias[1] not in context.anchors
    if context.in_flow and value[0] in "\"'":
        return False
    if value[0] in "-?":
        return value[1:2] in {"", " "}
    if value[0] in _READINGS or value[0] in "%@`,":
        return True
    is_key = ": " in value or value.endswith(":")
    return " #" in value or is_key or (context.in_flow and re.search(r"[\[\]{}]", value) is not None)


def _without_quotes(value: str) -> str:
    """Take away the quotes around the first part of a text: of `"docs"/x` the whole is meant."""
    if len(value) > 1 and value[0] in "\"'" and value[0] == value[-1]:
        return value[1:-1]
    first = _WHOLE_QUOTED.match(value)
    return first[0][1:-1] + value[first.end() :] if first else value.removeprefix('"').removeprefix("'")


def without_comment(text: str) -> str:
    """Cut a comment from the end of a line."""
    return _COMMENT.sub("", text).rstrip()
