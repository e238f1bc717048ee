"""Write a map as YAML with comments, which PyYAML cannot do. Texts of AWS can add neither keys nor lines."""

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from purgemap.text import escape_control_characters

_PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9._/-]*")
# Braces have a meaning in flow style, and at the start.
_PLAIN_IN_BLOCK = re.compile(r"[A-Za-z]+/[A-Za-z0-9._/{}-]*|/[A-Za-z0-9._/{}-]*")
_YAML_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "y", "n", "null"})
# JSON's escapes, which YAML's double quotes have, too.
_QUOTED = str.maketrans({'"': r"\"", "\\": r"\\"})
_WIDTH = 110


class MapEntry(NamedTuple):
    """A distribution's settings under a name, or a route's (without a name), with the lines of its comment."""

    settings: Mapping[str, Any]
    comments: Sequence[str] = ()
    name: str = ""


def format_map(header: Sequence[str], distributions: Sequence[MapEntry], routes: Sequence[MapEntry]) -> str:
    """Format a map or a part of one."""
    return "\n".join([*_map_lines(header, distributions, routes), ""])


def _map_lines(header: Sequence[str], distributions: Sequence[MapEntry], routes: Sequence[MapEntry]) -> Iterator[str]:
    yield from _comment_lines(header, "")
    yield "version: 1"
    if distributions:
        yield from ("", "distributions:")
    for entry in distributions:
        yield from _comment_lines(entry.comments, "  ")
        yield f"  {_format(entry.name)}: {_format(entry.settings)}"
    if routes:
        yield from ("", "routes:")
    for entry in routes:
        yield from _comment_lines(entry.comments, "  ")
        for index, (name, value) in enumerate(entry.settings.items()):
            text = value if isinstance(value, str) and _PLAIN_IN_BLOCK.fullmatch(value) else _format(value)
            yield f"  {' ' if index else '-'} {name}: {text}"


def _comment_lines(texts: Iterable[str], indent: str) -> Iterator[str]:
    for text in texts:
        for line in textwrap.wrap(escape_control_characters(text), _WIDTH, subsequent_indent="  ") or [""]:
            yield f"{indent}# {line}".rstrip()


def _format(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return _format_text(value)
        case Mapping():
            return f"{{{', '.join(f'{name}: {_format(item)}' for name, item in value.items())}}}"
        case _:
            return f"[{', '.join(map(_format, value))}]"


def _format_text(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.lower() not in _YAML_WORDS:
        return text
    return f'"{"".join(map(_format_character, text))}"'


def _format_character(character: str) -> str:
    # https://yaml.org/spec/1.2.2/#57-escaped-characters
    return character.translate(_QUOTED) if character.isprintable() else f"\\U{ord(character):08X}"
