"""Problems of a map: mistakes and warnings, each one line with its location."""

import json
import re
from collections.abc import Collection, Iterable
from typing import Any, Literal, NamedTuple

from purgemap.errors import PurgemapError
from purgemap.text import escape_control_characters

Severity = Literal["error", "warning"]
Path = tuple[str | int, ...]
"""The keys and indexes from the top of a file to a value."""

# YAML reads the excluded words as booleans or null: https://yaml.org/type/bool.html
_UNQUOTED = r"(?!(?i:yes|no|on|off|true|false|null|y|n)$)/?[A-Za-z][A-Za-z0-9_./-]*"
# A message lists at most 20 known words. Among more than 2,000 no similar one is searched: that takes 70 ms a message.
_MAX_WORDS_LISTED = 20
_MAX_WORDS_SEARCHED = 2_000

_PLAIN_KEY = r"[A-Za-z0-9_-]+"


class Problem(NamedTuple):
    """A mistake in a map (an error) or a likely one (a warning); line and column count from 1."""

    severity: Severity
    file: str
    line: int
    column: int
    path: str
    message: str

    def __str__(self) -> str:
        label = "warning: " if self.severity == "warning" else ""
        return f"{escape_control_characters(self.file)}:{self.line}:{self.column}: {self.path}: {label}{self.message}"


class MapError(PurgemapError):
    """A map with errors; its text is one line per problem."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted_unique(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def file_error(file: str, message: str, *, line: int = 1, column: int = 1) -> MapError:
    """Return the error for a file without any usable part."""
    return MapError([Problem("error", file, line, column, "$", message)])


def sorted_unique(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Sort problems by location and remove duplicates."""
    # Without the severity, the first field: a warning stays beside the errors of its line.
    return tuple(sorted(set(problems), key=lambda problem: problem[1:]))


def has_errors(problems: Iterable[Problem]) -> bool:
    """Return whether a map with these problems is unusable: warnings alone leave it valid."""
    return any(problem.severity == "error" for problem in problems)


def problems_document(file: str, problems: Iterable[Problem]) -> dict[str, Any]:
    """Return the JSON document that `purgemap check` prints, and any other command whose map has errors."""
    problems = sorted_unique(problems)
    return {"file": file, "valid": not has_errors(problems), "problems": [problem._asdict() for problem in problems]}


def path_text(path: Path) -> str:
    """Format a path as JSONPath does: `$.routes[3].bucket`."""
    return "$" + "".join(_step_text(step) for step in path)


def _step_text(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    return f".{step}" if re.fullmatch(_PLAIN_KEY, step) else f"[{json.dumps(step, ensure_ascii=False)}]"


def did_you_mean(word: str, known: Collection[str]) -> str:
    """Return the end of a message about an unknown word: the nearest known word, or all of at most 20."""
    nearest = find_nearest(word, known)
    if nearest is not None:
        return f"did you mean {quote(nearest)}?"
    return f"known: {', '.join(known)}" if len(known) <= _MAX_WORDS_LISTED else f"none of {len(known):,} is like it"


def find_nearest(word: str, known: Collection[str]) -> str | None:
    """Return the known word most similar to a word; None if none is similar, or more than 2,000 are known."""
    if len(known) > _MAX_WORDS_SEARCHED:
        return None
    import difflib  # noqa: PLC0415  the function suggests nothing, and starts without it

    # difflib distinguishes upper and lower case, so a word that differs only in case may be far away.
    close = difflib.get_close_matches(word, known, n=1)
    return next(iter(close or [known_word for known_word in known if known_word.lower() == word.lower()]), None)


def flow_text(text: str) -> str:
    """Format a text as an item of a YAML list in brackets, without quotes if it needs none."""
    return text if re.fullmatch(_UNQUOTED, text) else quote(text)


def quote(text: str) -> str:
    """Format a text of the map for a message: in quotes, on one line."""
    return json.dumps(text, ensure_ascii=False)
