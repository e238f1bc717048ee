"""`purgemap check`: print the problems of a map, as text, as JSON, or as annotations on GitHub and GitLab."""

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
from rich.markup import escape

from purgemap.cli.completion import file_name
from purgemap.cli.options import resolve_map_argument, routes_option
from purgemap.cli.terminal import Terminal, print_json, print_line
from purgemap.operations import CheckResult, check_map
from purgemap.routemap import Problem, has_errors, paths_text, problems_document
from purgemap.text import pluralize

_COLOURS = {"error": "red", "warning": "yellow"}
# GitLab's words: a map with an error cannot be deployed.
_GITLAB_SEVERITIES = {"error": "critical", "warning": "minor"}


@click.command(short_help="Check a map and run its tests.")
@click.argument("files", metavar="[FILE-or-FOLDER]...", nargs=-1, type=file_name)
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["text", "json", "github", "gitlab"]),
    default="text",
    show_default=True,
    help="One line per problem, one JSON document, annotations for GitHub, or GitLab's Code Quality report.",
)
@routes_option
def check(files: tuple[str, ...], output_format: str, routes: tuple[str, ...]) -> int:
    """Check a map and run its tests. Several files are parts of one map.

    Reports every problem at once. Exits with 1 if there is an error; warnings alone are fine.
    """
    paths = resolve_map_argument(files, routes, name="FILE")
    result = check_map(paths)
    if output_format == "json":
        print_json(problems_document(paths_text(paths), result.problems))
    elif output_format == "github":
        for problem in result.problems:
            print_line(_annotation(problem))
    elif output_format == "gitlab":
        print_json(_code_quality_report(result.problems))
    else:
        _show(paths_text(paths), result)
    return 1 if has_errors(result.problems) else 0


def _show(file: str, result: CheckResult) -> None:
    console = Terminal()
    for problem in result.problems:
        console.print(f"[{_COLOURS[problem.severity]}]{escape(str(problem))}[/]")
    console.print(f"[bold]{escape(file)}[/]: {_summary(result)}")


def _summary(result: CheckResult) -> str:
    errors = sum(problem.severity == "error" for problem in result.problems)
    counts = ((errors, "error"), (len(result.problems) - errors, "warning"))
    problems = [pluralize(number, noun) for number, noun in counts if number]
    # A map with errors may not even be parsed, so the sizes of its parts would mislead.
    if errors:
        return ", ".join(problems)
    sizes = ((result.routes, "route"), (result.distributions, "distribution"), (result.tests, "test"))
    return f"{', '.join(pluralize(*size) for size in sizes)}: {', '.join(['fine', *problems])}"


def _annotation(problem: Problem) -> str:
    """Format a problem as a workflow command of GitHub."""
    # The message needs escapes for % and line ends, values of properties also for : and ,
    # https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts
    position = f"file={_escape(problem.file, ':,')},line={problem.line},col={problem.column}"
    return f"::{problem.severity} {position}::{_escape(f'{problem.path}: {problem.message}')}"


def _escape(text: str, special: str = "") -> str:
    return "".join(f"%{ord(character):02X}" if character in f"%\r\n{special}" else character for character in text)


def _code_quality_report(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    """Format problems as GitLab's Code Quality report."""
    # https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
    reports, counts = [], Counter[tuple[str, ...]]()
    for problem in problems:
        path = _path_below_folder(problem.file)
        # GitLab compares fingerprints between branches: without lines, an edit above a problem does not make it a new
        # one. The count keeps equal problems apart.
        identity = (path, problem.path, problem.message)
        counts[identity] += 1
        fingerprint = hashlib.sha256(json.dumps([*identity, counts[identity]]).encode()).hexdigest()
        reports.append(
            {
                "description": f"{problem.path}: {problem.message}",
                "check_name": "purgemap-check",
                "fingerprint": fingerprint,
                "severity": _GITLAB_SEVERITIES[problem.severity],
                "location": {"path": path, "lines": {"begin": problem.line}},
            }
        )
    return reports


def _path_below_folder(file: str) -> str:
    """Return a path as GitLab requires it: below the current folder, without a leading `./`."""
    path, folder = Path(os.path.abspath(file)), Path.cwd()  # noqa: PTH100  resolve() would follow links
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else file
