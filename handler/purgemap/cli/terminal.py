"""Print to a terminal: texts of keys, buckets, maps and AWS can neither control it nor add lines."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from purgemap.text import escape_control_characters


class Terminal(Console):
    """A console that prints each text as one line, and escapes every character that is not printable."""

    # Rich itself removes only a few control characters, and passes ESC and its C1 equivalents on:
    # https://github.com/Textualize/rich/blob/main/rich/control.py

    def __init__(self, *, stderr: bool = False, quiet: bool = False) -> None:
        super().__init__(stderr=stderr, quiet=quiet, highlight=False, soft_wrap=True)

    def render_str(self, text: str, **settings: Any) -> Text:
        """Return markup as a Text of one line."""
        return super().render_str(escape_control_characters(text), **settings)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Escape the texts of other renderables, such as tables."""
        for segment in super().render(renderable, options):
            # The line ends within a segment are rich's own.
            yield segment if segment.control else segment._replace(text=_printable_lines(segment.text))


def confirm(question: str, *, yes: bool) -> bool:
    """Return the answer to a question, True with --yes; raises click.UsageError without a terminal to ask on."""
    if not yes and not sys.stdin.isatty():
        raise click.UsageError("cannot ask for confirmation: stdin is not a terminal; pass --yes")
    return yes or click.confirm(question, err=True)


def print_line(text: str, *, err: bool = False) -> None:
    """Print a line without markup, colours or wrapping."""
    click.echo(escape_control_characters(text), err=err)


def print_lines(text: str, *, err: bool = False) -> None:
    """Print a text of several lines, which the caller has built of escaped parts."""
    click.echo(_printable_lines(text), err=err)


def print_json(document: Mapping[str, Any] | Sequence[Any]) -> None:
    """Print a command's JSON document; characters that are not printable become JSON escapes."""
    click.echo("\n".join(map(_json_line, json.dumps(document, ensure_ascii=False, indent=2).split("\n"))))


def _json_line(line: str) -> str:
    if line.isprintable():
        return line
    # `ensure_ascii=False` leaves C1 controls, separators and directions of text unescaped.
    return "".join(character if character.isprintable() else json.dumps(character)[1:-1] for character in line)


def _printable_lines(text: str) -> str:
    return text if text.isprintable() else "\n".join(map(escape_control_characters, text.split("\n")))
