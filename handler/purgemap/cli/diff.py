"""`purgemap diff`: what an edit of the map means."""

import os
import tempfile
from pathlib import Path

import click

from purgemap.cli.options import file_name, routes_option, the_one_map
from purgemap.cli.terminal import Terminal
from purgemap.differing.difference import difference
from purgemap.differing.telling import NOTHING, lines, markdown
from purgemap.routes.loading import load_routes
from purgemap.routes.table import Routes, no_routes

_COLOURS = {"gained": "green", "lost": "red", "altered": "yellow", "warning": "bold yellow"}


@click.command(short_help="What an edit of the map means.")
@click.argument("old", metavar="OLD", type=file_name)
@click.argument("new", metavar="[NEW]", required=False, type=file_name)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown"]),
    default="text",
    show_default=True,
    help="Lines, or Markdown with a picture for a comment on a pull request.",
)
@routes_option
def diff(old: str, new: str | None, form: str, routes: tuple[str, ...]) -> int:
    """Show what an edit of the map means: sites, buckets, distributions, rules and rights.

    OLD and NEW are maps: YAML, a folder of YAML parts, compiled, or /dev/null for none. NEW is --routes where it
    isn't given. Warns of what widens the part of a site that is invalidated. Exits with 0 whatever differs.
    """
    found = difference(_load((old,)), _load(the_one_map((new,) if new else (), routes, name="NEW")))
    if form == "markdown":
        click.echo(markdown(found), nl=False)
        return 0
    console = Terminal()
    differences = [*lines(found)]
    for line in differences:
        console.print(str(line), style=_COLOURS[line.how], markup=False)
    if not differences:
        console.print(NOTHING)
    return 0


def _load(places: tuple[str, ...]) -> Routes:
    if places == (os.devnull,):
        return no_routes()
    path = Path(places[0])
    return _load_pipe(path) if path.is_fifo() else load_routes(places)


def _load_pipe(path: Path) -> Routes:
    """Load what a shell's <(git show main:config/routes.yaml) gives, which can be read only once."""
    with tempfile.NamedTemporaryFile(prefix="routes-", suffix=".yaml") as file:
        file.write(path.read_bytes())
        file.flush()
        return load_routes(file.name)
