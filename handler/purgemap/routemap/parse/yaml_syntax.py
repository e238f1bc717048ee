"""Text that is not YAML → where it breaks and how to fix it: each cure is tried on the text before it is given."""

import re
from collections.abc import Iterator
from itertools import chain, islice

import yaml
from yaml.events import CollectionEndEvent, CollectionStartEvent

from purgemap.routemap.parse.yaml_indentation import list_moves
from purgemap.routemap.parse.yaml_quoting import without_comment
from purgemap.routemap.parse.yaml_repairs import Fault, Trial, list_trials

_MAX_LINES_BACK = 5
_MAX_PARSED_CHARACTERS = 24_000_000
"""How much text all trials of one mistake may parse; libyaml parses some 10 MB a second."""
_MAX_TRIALS = 40
_MAX_MISTAKES = 20
_MAX_REPAIRED_CHARACTERS = 50_000
"""Of a larger text only the first mistake is cured: a trial takes 0.1 s for 10,000 routes."""

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MAX_LEVELS = 100
"""libyaml's time grows with the square of the levels; the composer refuses them anyway."""

_ANCHOR = re.compile(r"&([\w-]+)")


def find_cures(text: str, error: yaml.MarkedYAMLError) -> tuple[list[Fault], yaml.MarkedYAMLError | None]:
    """Find the faults behind a text's syntax errors, and the first error that no cure was found for."""
    faults: list[Fault] = []
    broken: yaml.MarkedYAMLError | None = error
    most = _MAX_MISTAKES if len(text) <= _MAX_REPAIRED_CHARACTERS else 1
    while broken is not None and len(faults) < most:
        trial = _find_trial(text, broken)
        if trial is None:
            return faults, broken
        faults += trial.faults
        text = trial.apply(text.splitlines())
        broken = None if trial.is_guess else _first_error(text)
    return faults, None


def _find_trial(text: str, error: yaml.MarkedYAMLError) -> Trial | None:
    """Try cures near an error: the first that leaves no error at all, else the first that lets the text parse on."""
    lines = text.splitlines()
    if not lines:
        return None
    most = min(_MAX_TRIALS, _MAX_PARSED_CHARACTERS // len(text))
    helpful, near = None, _near(lines, error)
    trials = list_trials(lines, near, frozenset(_ANCHOR.findall(text)))
    moves = (move for line in near[:2] for move in list_moves(lines, line))
    for trial in islice(chain(trials, moves), most):
        further = _first_error(trial.apply(lines))
        if further is None:
            return trial
        if helpful is None and _parses_on(trial, error, further):
            helpful = trial
    return helpful


def _parses_on(trial: Trial, error: yaml.MarkedYAMLError, further: yaml.MarkedYAMLError) -> bool:
    """Return whether the next error comes after the first; columns compare only in a line that the trial keeps."""
    first, following = _position(error), _position(further)
    is_changed = trial.line <= first[0] < trial.line + len(trial.lines)
    return following[0] > max(first[0], trial.line) or (not is_changed and following > first)


def _position(error: yaml.MarkedYAMLError) -> tuple[int, int]:
    mark = error.problem_mark or error.context_mark
    return (mark.line, mark.column) if mark else (0, 0)


def _first_error(text: str) -> yaml.MarkedYAMLError | None:
    levels = 0
    try:
        for event in yaml.parse(text, Loader=_Loader):
            levels += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
            if levels > _MAX_LEVELS:
                break
    except yaml.MarkedYAMLError as error:
        return error
    return None


def _near(lines: list[str], error: yaml.MarkedYAMLError) -> list[int]:
    """List the lines where the mistake may be: that of the error, of its context, and those before."""
    marks = [mark.line for mark in (error.problem_mark, error.context_mark) if mark]
    last = min(marks[0], len(lines))
    before = [line for line in range(last - 1, -1, -1) if lines[line].strip() and lines[line].lstrip()[0] != "#"]
    near = (*marks, *before[:_MAX_LINES_BACK], *_open_quote(lines, before))
    return [line for line in dict.fromkeys(near) if line < len(lines)]


def _open_quote(lines: list[str], before: list[int]) -> Iterator[int]:
    """Find the nearest line with a quote that it doesn't close."""
    return islice((line for line in before if _unclosed(lines[line])), 1)


def _unclosed(line: str) -> bool:
    value = without_comment(line)
    return any(value.count(quote) % 2 for quote in "\"'")
