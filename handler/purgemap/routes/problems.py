"""What is wrong with a map, and where: one line per problem."""

import json
import re
from collections.abc import Iterable
from typing import Any, Literal, NamedTuple

from purgemap.errors import PurgemapError

Severity = Literal["error", "warning"]
Path = tuple[str | int, ...]
"""The keys and indexes that lead from the top of a file to a value."""

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
        return f"{on_one_line(self.file)}:{self.line}:{self.column}: {self.path}: {label}{self.message}"


class MapError(PurgemapError):
    """A map that can't be used; its text is one line per problem."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = in_order(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def file_error(file: str, message: str, *, line: int = 1, column: int = 1) -> MapError:
    """Make the error of a file that can't be read at all."""
    return MapError([Problem("error", file, line, column, "$", message)])


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Sort problems by where they stand and drop repetitions."""
    return tuple(sorted(set(problems), key=_place))


def _place(problem: Problem) -> tuple[str, int, int, str, str]:
    return problem.file, problem.line, problem.column, problem.path, problem.message


def has_errors(problems: Iterable[Problem]) -> bool:
    """Tell whether a map with these problems is of no use."""
    return any(problem.severity == "error" for problem in problems)


def check_document(file: str, problems: Iterable[Problem]) -> dict[str, Any]:
    """Make the JSON document that `purgemap check` prints, and every command of a bad map."""
    found = in_order(problems)
    return {"file": file, "valid": not has_errors(found), "problems": [problem._asdict() for problem in found]}


def on_one_line(message: str) -> str:
    """Escape what of a map's own text, or of a name, would end a line or steer a terminal."""
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in message)


def path_text(path: Path) -> str:
    """Write a path as people and tools do: `$.routes[3].bucket`."""
    return "$" + "".join(_step_text(step) for step in path)


def _step_text(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    return f".{step}" if _PLAIN_KEY.fullmatch(step) else f"[{json.dumps(step, ensure_ascii=False)}]"
