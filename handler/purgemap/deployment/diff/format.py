"""What differs between two maps → the lines that tell it, and the same as Markdown for a pull request."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from purgemap.deployment.diff.compare import Delta, MapDiff
from purgemap.deployment.diff.mermaid import MOST_SITES, render_mermaid
from purgemap.text import escape_control_characters

NO_CHANGES = "Nothing changes in service."

_MOST_ROWS = 50
"""Of each kind, in Markdown: a comment on GitHub takes 65,536 characters."""
_LONGEST = 300
_SIGNS = {"gained": "+", "lost": "-", "altered": "~", "warning": "!"}


class Line(NamedTuple):
    """One thing that differs: how, what kind of thing, which, and for what is altered the details."""

    how: str
    kind: str
    text: str
    details: tuple[str, ...] = ()

    def __str__(self) -> str:
        details = f": {'; '.join(self.details)}" if self.details else ""
        return f"{_SIGNS[self.how]} {self.kind:<12} {escape_control_characters(self.text + details)}"


def lines(found: MapDiff) -> Iterator[Line]:
    """Tell a difference, warnings first."""
    if found.refusal:
        yield Line("warning", "refused", found.refusal)
    yield from (Line("warning", "wider", warning) for warning in found.warnings)
    yield from (Line("gained", "site", str(site)) for site in found.gained)
    yield from (Line("lost", "site", str(site)) for site in found.lost)
    yield from (Line("altered", each.kind, each.subject, each.changes) for each in found.altered)
    yield from _steps("bucket", found.buckets)
    yield from _steps("distribution", found.distributions)
    yield from _steps("rule", found.rules)
    yield from _steps("right", found.rights)


def _steps(kind: str, step: Delta) -> Iterator[Line]:
    yield from (Line("gained", kind, text) for text in step.gained)
    yield from (Line("lost", kind, text) for text in step.lost)


def format_markdown(found: MapDiff) -> str:
    """Write a difference as the body of a comment; what the map's authors wrote stands in it as code only."""
    told = [*lines(found)]
    if not told:
        return NO_CHANGES + "\n"
    refused = _warnings("[!CAUTION]", "AWS would refuse this map:", told, "refused")
    wider = _warnings("[!WARNING]", "More is invalidated than before:", told, "wider")
    return "\n".join([*refused, *wider, *_picture(found), *_tables(told)]) + "\n"


def _warnings(alert: str, heading: str, told: Iterable[Line], kind: str) -> list[str]:
    warnings = [f"> - {_code(line.text)}" for line in told if line.kind == kind]
    return [f"> {alert}", f"> {heading}", ">", *_shortened(warnings, "> - "), ""] if warnings else []


def _picture(found: MapDiff) -> list[str]:
    drawn = render_mermaid(found)
    more = len(found.sites) - MOST_SITES
    note = [f"The first {MOST_SITES} of the changed sites; {more} more below.", ""] if more > 0 else []
    return ["```mermaid", *drawn, "```", "", *note] if drawn else []


def _tables(told: Iterable[Line]) -> Iterator[str]:
    told = [line for line in told if line.how != "warning"]
    yield "| | what | which |"
    yield "|---|---|---|"
    for kind in dict.fromkeys(line.kind for line in told):
        rows = [_row(line) for line in told if line.kind == kind]
        yield from _shortened(rows, "| | | ", " |")


def _row(line: Line) -> str:
    cells = [_code(line.text), *(_code(detail) for detail in line.details)]
    return f"| {line.how} | {line.kind} | {'<br>'.join(cells)} |"


def _shortened(rows: list[str], before: str, after: str = "") -> list[str]:
    more = len(rows) - _MOST_ROWS
    return rows if more <= 0 else [*rows[:_MOST_ROWS], f"{before}… and {more:,} more{after}"]


def _code(text: str) -> str:
    """Write text as code: it can't mention anybody, link anywhere, or end the cell or the code that it stands in."""
    text = escape_control_characters(text).replace("`", "'").replace("|", "\\|")
    return f"`{text[:_LONGEST]}{'…' if len(text) > _LONGEST else ''}`"
