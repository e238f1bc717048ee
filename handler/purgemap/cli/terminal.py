"""The one way to a terminal: what a key, a bucket, the map or AWS says can neither steer it nor add a line."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import click
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from purgemap.text import escape_control_characters


class Terminal(Console):
    """A console that escapes every character that does not print.

    A text is one line: `console.print()` makes an empty one. Rich itself removes only a few control characters, and
    lets ESC and its C1 equivalents pass: https://github.com/Textualize/rich/blob/main/rich/control.py
    """

    def __init__(self, *, stderr: bool = False, quiet: bool = False) -> None:
        super().__init__(stderr=stderr, quiet=quiet, highlight=False, soft_wrap=True)

    def render_str(self, text: str, **settings: Any) -> Text:
        """Make markup a Text of one line."""
        return super().render_str(escape_control_characters(text), **settings)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Escape what other renderables hold; their line ends are rich's own."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=_printable_lines(segment.text))


def print_line(text: str, *, err: bool = False) -> None:
    """Print a line as it is, without markup, colours or wrapping."""
    click.echo(escape_control_characters(text), err=err)


def print_lines(text: str, *, err: bool = False) -> None:
    """Print a text of several lines, which the caller has made of escaped parts."""
    click.echo(_printable_lines(text), err=err)


def print_json(document: Mapping[str, Any]) -> None:
    """Print a command's one document, and nothing else; what does not print becomes an escape of JSON."""
    click.echo("\n".join(map(_json_line, json.dumps(document, ensure_ascii=False, indent=2).split("\n"))))


def _json_line(line: str) -> str:
    if line.isprintable():
        return line
    return "".join(character if character.isprintable() else json.dumps(character)[1:-1] for character in line)


def _printable_lines(text: str) -> str:
    return text if text.isprintable() else "\n".join(map(escape_control_characters, text.split("\n")))
