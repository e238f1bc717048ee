"""What is wrong with a map, and where: one line per problem."""

import json
import re
from collections.abc import Collection, Iterable
from typing import Any, Literal, NamedTuple

from purgemap.errors import PurgemapError
from purgemap.text import escape_control_characters

Severity = Literal["error", "warning"]
Path = tuple[str | int, ...]
"""The keys and indexes that lead from the top of a file to a value."""

_PLAIN = re.compile(r"(?!(?i:yes|no|on|off|true|false|null|y|n)$)/?[A-Za-z][A-Za-z0-9_./-]*")
_MOST_NAMED = 20
"""How many known words a message lists; and, beyond it times a hundred, no more searching for a likeness."""

_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]+")


class Problem(NamedTuple):
    """One mistake of a map, or something of it that is rarely meant; line and column count from 1."""

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
    """A map that can't be used; its text is one line per problem."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted_unique(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def file_error(file: str, message: str, *, line: int = 1, column: int = 1) -> MapError:
    """Make the error of a file that can't be read at all."""
    return MapError([Problem("error", file, line, column, "$", message)])


def sorted_unique(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Sort problems by where they stand and drop repetitions."""
    return tuple(sorted(set(problems), key=_place))


def _place(problem: Problem) -> tuple[str, int, int, str, str]:
    return problem.file, problem.line, problem.column, problem.path, problem.message


def has_errors(problems: Iterable[Problem]) -> bool:
    """Tell whether a map with these problems is of no use."""
    return any(problem.severity == "error" for problem in problems)


def problems_document(file: str, problems: Iterable[Problem]) -> dict[str, Any]:
    """Make the JSON document that `purgemap check` prints, and every command of a bad map."""
    found = sorted_unique(problems)
    return {"file": file, "valid": not has_errors(found), "problems": [problem._asdict() for problem in found]}


def path_text(path: Path) -> str:
    """Write a path as people and tools do: `$.routes[3].bucket`."""
    return "$" + "".join(_step_text(step) for step in path)


def _step_text(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    return f".{step}" if _PLAIN_KEY.fullmatch(step) else f"[{json.dumps(step, ensure_ascii=False)}]"


def did_you_mean(word: str, known: Collection[str]) -> str:
    """Name the known word nearest to a word, else all that are known while they are few."""
    nearest = find_nearest(word, known)
    if nearest is not None:
        return f"did you mean {quote(nearest)}?"
    return f"known: {', '.join(known)}" if len(known) <= _MOST_NAMED else f"none of {len(known):,} is like it"


def find_nearest(word: str, known: Collection[str]) -> str | None:
    """Find the known word that was probably meant; None where none is like it, or too many are known."""
    if len(known) > _MOST_NAMED * 100:
        return None
    import difflib  # noqa: PLC0415  the function never suggests anything, and starts without it

    return next(iter(difflib.get_close_matches(word, known, n=1) or _differs_by_case(word, known)), None)


def _differs_by_case(word: str, known: Collection[str]) -> list[str]:
    return [other for other in known if other.lower() == word.lower()]


def flow_text(text: str) -> str:
    """Write a text as an item of a list in brackets: without quotes where it needs none."""
    return text if _PLAIN.fullmatch(text) else quote(text)


def quote(text: str) -> str:
    """Show a text of the map in a message: in quotes, on one line."""
    return json.dumps(text, ensure_ascii=False)
