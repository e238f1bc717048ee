"""Format the differences of two maps: as lines of text, and as Markdown for a comment on a pull request."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from purgemap.deployment.diff.compare import Delta, MapDiff
from purgemap.deployment.diff.mermaid import MAX_SITES, render_mermaid
from purgemap.text import escape_control_characters

NO_CHANGES = "Nothing changes in service."

# A comment on GitHub has at most 65,536 characters.
_MAX_ROWS_PER_KIND = 50
_MAX_CELL_CHARACTERS = 300
_SIGNS = {"added": "+", "removed": "-", "changed": "~", "warning": "!"}


class DiffLine(NamedTuple):
    """One difference: how something changes (a key of _SIGNS), its kind and name, and the details of a change."""

    change: str
    kind: str
    text: str
    details: tuple[str, ...] = ()

    def __str__(self) -> str:
        details = f": {'; '.join(self.details)}" if self.details else ""
        return f"{_SIGNS[self.change]} {self.kind:<12} {escape_control_characters(self.text + details)}"


def format_text(diff: MapDiff) -> Iterator[DiffLine]:
    """Yield a line for each difference, warnings first."""
    if diff.refusal:
        yield DiffLine("warning", "refused", diff.refusal)
    yield from (DiffLine("warning", "wider", warning) for warning in diff.warnings)
    added = tuple(str(new) for old, new in diff.sites if not old)
    removed = tuple(str(old) for old, new in diff.sites if not new)
    yield from _delta_lines("site", Delta(added, removed))
    yield from (DiffLine("changed", *modification) for modification in diff.changed)
    yield from _delta_lines("bucket", diff.buckets)
    yield from _delta_lines("distribution", diff.distributions)
    yield from _delta_lines("rule", diff.rules)
    yield from _delta_lines("permission", diff.permissions)


def _delta_lines(kind: str, delta: Delta) -> Iterator[DiffLine]:
    yield from (DiffLine("added", kind, text) for text in delta.added)
    yield from (DiffLine("removed", kind, text) for text in delta.removed)


def format_markdown(diff: MapDiff) -> str:
    """Format a diff as the body of a comment; texts from the map appear as code only."""
    lines = [*format_text(diff)]
    if not lines:
        return NO_CHANGES + "\n"
    refused = _alert("[!CAUTION]", "AWS would refuse this map:", lines, "refused")
    wider = _alert("[!WARNING]", "More is invalidated than before:", lines, "wider")
    return "\n".join([*refused, *wider, *_picture(diff), *_table(lines)]) + "\n"


def _alert(marker: str, heading: str, lines: Iterable[DiffLine], kind: str) -> list[str]:
    # https://docs.github.com/en/get-started/writing-on-github/getting-started-with-writing-and-formatting-on-github/basic-writing-and-formatting-syntax#alerts
    warnings = [f"> - {_code(line.text)}" for line in lines if line.kind == kind]
    return [f"> {marker}", f"> {heading}", ">", *_shorten(warnings, "> - "), ""] if warnings else []


def _picture(diff: MapDiff) -> list[str]:
    mermaid = render_mermaid(diff)
    more = len(diff.sites) - MAX_SITES
    note = [f"The first {MAX_SITES} of the changed sites; {more} more below.", ""] if more > 0 else []
    return ["```mermaid", *mermaid, "```", "", *note] if mermaid else []


def _table(lines: Iterable[DiffLine]) -> Iterator[str]:
    rows_by_kind: dict[str, list[str]] = {}
    for line in lines:
        if line.change != "warning":
            rows_by_kind.setdefault(line.kind, []).append(_row(line))
    yield "| change | kind | name |"
    yield "|---|---|---|"
    for rows in rows_by_kind.values():
        yield from _shorten(rows, "| | | ", " |")


def _row(line: DiffLine) -> str:
    cells = map(_code, (line.text, *line.details))
    return f"| {line.change} | {line.kind} | {'<br>'.join(cells)} |"


def _shorten(rows: list[str], start: str, end: str = "") -> list[str]:
    more = len(rows) - _MAX_ROWS_PER_KIND
    return rows if more <= 0 else [*rows[:_MAX_ROWS_PER_KIND], f"{start}… and {more:,} more{end}"]


def _code(text: str) -> str:
    # A route's author must not mention people, add links, or end the cell.
    text = escape_control_characters(text).replace("`", "'").replace("|", "\\|")
    return f"`{text[:_MAX_CELL_CHARACTERS]}{'…' if len(text) > _MAX_CELL_CHARACTERS else ''}`"
