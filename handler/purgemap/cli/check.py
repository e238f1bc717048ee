"""`purgemap check`: all that is wrong with a map, for people, for machines, or as annotations on GitHub."""

import click
from rich.markup import escape

from purgemap.cli.options import file_name, resolve_map_argument, routes_option
from purgemap.cli.terminal import Terminal, print_json, print_line
from purgemap.operations import CheckResult, check_map
from purgemap.routemap import Problem, has_errors, paths_text, problems_document
from purgemap.text import pluralize

_COLOURS = {"error": "red", "warning": "yellow"}


@click.command(short_help="All that is wrong with a map.")
@click.argument("files", metavar="[FILE-or-FOLDER]...", nargs=-1, type=file_name)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    show_default=True,
    help="One line per problem, one JSON document, or annotations for GitHub.",
)
@routes_option
def check(files: tuple[str, ...], form: str, routes: tuple[str, ...]) -> int:
    """Check a map and run its tests. Several files are parts of one map.

    Reports every problem at once. Exits with 1 if there is an error; warnings alone are fine.
    """
    paths = resolve_map_argument(files, routes, name="FILE")
    checked = check_map(paths)
    if form == "json":
        print_json(problems_document(paths_text(paths), checked.problems))
    elif form == "github":
        for problem in checked.problems:
            print_line(_annotation(problem))
    else:
        _show(paths_text(paths), checked)
    return 1 if has_errors(checked.problems) else 0


def _show(file: str, checked: CheckResult) -> None:
    console = Terminal()
    for problem in checked.problems:
        console.print(f"[{_COLOURS[problem.severity]}]{escape(str(problem))}[/]")
    console.print(f"[bold]{escape(file)}[/]: {_summary(checked)}")


def _summary(checked: CheckResult) -> str:
    errors = sum(problem.severity == "error" for problem in checked.problems)
    counts = ((errors, "error"), (len(checked.problems) - errors, "warning"))
    found = [pluralize(number, noun) for number, noun in counts if number]
    if errors:
        return ", ".join(found)
    looked_at = ((checked.routes, "route"), (checked.distributions, "distribution"), (checked.tests, "test"))
    return f"{', '.join(pluralize(*each) for each in looked_at)}: {', '.join(['fine', *found])}"


def _annotation(problem: Problem) -> str:
    """Write a problem as a workflow command; GitHub reads %, line ends, and in values also : and , as escapes."""
    place = f"file={_escaped(problem.file, ':,')},line={problem.line},col={problem.column}"
    return f"::{problem.severity} {place}::{_escaped(f'{problem.path}: {problem.message}')}"


def _escaped(text: str, special: str = "") -> str:
    return "".join(f"%{ord(character):02X}" if character in f"%\r\n{special}" else character for character in text)
