"""`purgemap check`: print the problems of a map, as text, as JSON, or as annotations on GitHub."""

import click
from rich.markup import escape

from purgemap.cli.completion import file_name
from purgemap.cli.options import resolve_map_argument, routes_option
from purgemap.cli.terminal import Terminal, print_json, print_line
from purgemap.operations import CheckResult, check_map
from purgemap.routemap import Problem, has_errors, paths_text, problems_document
from purgemap.text import pluralize

_COLOURS = {"error": "red", "warning": "yellow"}


@click.command(short_help="Check a map and run its tests.")
@click.argument("files", metavar="[FILE-or-FOLDER]...", nargs=-1, type=file_name)
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    show_default=True,
    help="One line per problem, one JSON document, or annotations for GitHub.",
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
