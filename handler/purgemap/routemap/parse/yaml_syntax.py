"""Explain text that is not YAML: where it breaks, and a repair that was tried on the text."""

import re
from collections.abc import Iterable
from itertools import islice

import yaml
from yaml.composer import ComposerError
from yaml.events import CollectionEndEvent, CollectionStartEvent

from purgemap.routemap.parse.yaml_quoting import remove_comment
from purgemap.routemap.parse.yaml_repairs import Repair, SyntaxProblem, find_unquoted, list_repairs
from purgemap.routemap.problems import MapError, Problem, file_error
from purgemap.text import escape_control_characters

LOADER: "type[yaml.CSafeLoader | yaml.SafeLoader]" = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
TOO_DEEP = "too many nested levels; a map needs at most seven"

_MAX_LINES_BACK = 5
# Text that all repairs of one mistake may parse; libyaml parses some 10 MB a second.
_MAX_PARSED_CHARACTERS = 24_000_000
_MAX_REPAIRS_TRIED = 40
_MAX_MISTAKES = 20
# In a larger text only the first mistake is repaired: a try takes 0.1 s for 10,000 routes.
_MAX_REPAIRED_CHARACTERS = 50_000
# libyaml's time grows with the square of the levels; the composer refuses them anyway.
_MAX_LEVELS = 100

_ANCHOR = re.compile(r"&([\w-]+)")
_TAB_INDENT = re.compile(r"[ -]*\t")
_MAX_MARKERS = 12
_MARKER = re.compile(r"^(?:<{7}|\|{7}|={7}|>{7})(?= |\r?$).*$", re.MULTILINE)
_CONFLICT = "a merge-conflict marker; keep one of the two versions and remove the marker"


def check_conflict_markers(file: str, text: str) -> None:
    """Raise MapError if a text has merge-conflict markers."""
    markers = [*islice(_MARKER.finditer(text), _MAX_MARKERS)]
    # A row of = or | alone may be text: it counts as a marker only if the text is not YAML.
    if any(marker[0][0] in "<>" for marker in markers):
        raise _map_error(file, _marker_problems(text, markers))


def syntax_error(file: str, text: str, error: yaml.MarkedYAMLError) -> MapError:
    """Return the MapError of a syntax error: the problems for which a repair was found, and the first other one."""
    mark = error.problem_mark or error.context_mark
    if mark is None:
        return file_error(file, f"invalid YAML: {error.problem}")
    lines = text.splitlines()
    tab = _TAB_INDENT.match(lines[mark.line] if mark.line < len(lines) else "")
    if tab:
        message = "a tab in the indentation; indent with spaces"
        return file_error(file, message, line=mark.line + 1, column=tab.end())
    problems = _marker_problems(text, islice(_MARKER.finditer(text), _MAX_MARKERS))
    # The composer's errors (aliases, documents, limits) are not about syntax, so no repair helps.
    if not problems:
        problems, unrepaired = ([], error) if isinstance(error, ComposerError) else _find_problems(text, error)
        problems += [SyntaxProblem(*_position(unrepaired), _describe(text, unrepaired))] if unrepaired else []
    return _map_error(file, problems)


def _marker_problems(text: str, markers: Iterable[re.Match[str]]) -> list[SyntaxProblem]:
    return [SyntaxProblem(text.count("\n", 0, marker.start()), 0, _CONFLICT) for marker in markers]


def _map_error(file: str, problems: list[SyntaxProblem]) -> MapError:
    return MapError(
        Problem("error", file, line + 1, column + 1, "$", escape_control_characters(message))
        for line, column, message in problems
    )


def _describe(text: str, error: yaml.MarkedYAMLError) -> str:
    problem = ", ".join(part for part in (error.context, error.problem) if part)
    mark = error.problem_mark
    if error.problem == TOO_DEEP:
        return TOO_DEEP
    if "single document" in problem:
        return "a second YAML document; move it into a file of its own, in a folder of parts"
    if mark and "undefined alias" in problem:
        unquoted = find_unquoted(text, mark.line, mark.column)
        replacement = f": {unquoted.replacement}" if unquoted else ""
        return f"an alias without its anchor; write the anchor before it, or quote it if it is text{replacement}"
    if "cannot start any token" in problem:
        return f"{problem}; quote it"
    return f"invalid YAML: {problem}; check this line and those above it"


def _find_problems(text: str, error: yaml.MarkedYAMLError) -> tuple[list[SyntaxProblem], yaml.MarkedYAMLError | None]:
    """Find the problems behind a text's syntax errors, and the first error without a repair."""
    problems: list[SyntaxProblem] = []
    next_error: yaml.MarkedYAMLError | None = error
    # Each problem costs a search of its own.
    max_problems = _MAX_MISTAKES if len(text) <= _MAX_REPAIRED_CHARACTERS else 1
    while next_error is not None and len(problems) < max_problems:
        repair = _find_repair(text, next_error)
        if repair is None:
            return problems, next_error
        problems += repair.problems
        text = repair.apply(text.splitlines())
        next_error = None if repair.is_guess else _first_error(text)
    return problems, None


def _find_repair(text: str, error: yaml.MarkedYAMLError) -> Repair | None:
    """Find the first repair that leaves no error, or else the first after which the text parses on."""
    lines = text.splitlines()
    if not lines:
        return None
    max_repairs = min(_MAX_REPAIRS_TRIED, _MAX_PARSED_CHARACTERS // len(text))
    partial = None
    repairs = list_repairs(lines, _lines_near(lines, error), frozenset(_ANCHOR.findall(text)))
    for repair in islice(repairs, max_repairs):
        next_error = _first_error(repair.apply(lines))
        # A repair that only moves the error on may be a guess; a later one may repair the whole text.
        if next_error is None:
            return repair
        if partial is None and _parses_on(repair, error, next_error):
            partial = repair
    return partial


def _parses_on(repair: Repair, error: yaml.MarkedYAMLError, next_error: yaml.MarkedYAMLError) -> bool:
    before, after = _position(error), _position(next_error)
    # Columns are comparable only in a line that the repair does not change.
    is_changed = repair.line <= before[0] < repair.line + len(repair.lines)
    return after[0] > max(before[0], repair.line) or (not is_changed and after > before)


def _position(error: yaml.MarkedYAMLError) -> tuple[int, int]:
    mark = error.problem_mark or error.context_mark
    return (mark.line, mark.column) if mark else (0, 0)


def _first_error(text: str) -> yaml.MarkedYAMLError | None:
    levels = 0
    try:
        for event in yaml.parse(text, Loader=LOADER):
            levels += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
            if levels > _MAX_LEVELS:
                break
    except yaml.MarkedYAMLError as error:
        return error
    return None


def _lines_near(lines: list[str], error: yaml.MarkedYAMLError) -> list[int]:
    # libyaml reports an open quote or list lines after its start.
    marks = [mark.line for mark in (error.problem_mark, error.context_mark) if mark]
    last = min(marks[0], len(lines))
    before = [line for line in range(last - 1, -1, -1) if lines[line].strip() and lines[line].lstrip()[0] != "#"]
    open_quotes = (line for line in before if _has_open_quote(lines[line]))
    near = (*marks, *before[:_MAX_LINES_BACK], *islice(open_quotes, 1))
    return [line for line in dict.fromkeys(near) if line < len(lines)]


def _has_open_quote(line: str) -> bool:
    return any(remove_comment(line).count(quote) % 2 for quote in "\"'")
