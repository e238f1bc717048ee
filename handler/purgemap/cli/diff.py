"""`purgemap diff`: what an edit of the map means."""

import os
import tempfile
from pathlib import Path

import click

from purgemap.cli.options import file_name, resolve_map_argument, routes_option
from purgemap.cli.terminal import Terminal
from purgemap.deployment.diff import NO_CHANGES, compare_maps, format_markdown, lines
from purgemap.routemap import RouteMap, empty_map, load_map

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
    found = compare_maps(_load((old,)), _load(resolve_map_argument((new,) if new else (), routes, name="NEW")))
    if form == "markdown":
        click.echo(format_markdown(found), nl=False)
        return 0
    console = Terminal()
    differences = [*lines(found)]
    for line in differences:
        console.print(str(line), style=_COLOURS[line.how], markup=False)
    if not differences:
        console.print(NO_CHANGES)
    return 0


def _load(places: tuple[str, ...]) -> RouteMap:
    if places == (os.devnull,):
        return empty_map()
    path = Path(places[0])
    return _load_pipe(path) if path.is_fifo() else load_map(places)


def _load_pipe(path: Path) -> RouteMap:
    """Load what a shell's <(git show main:config/routes.yaml) gives, which can be read only once."""
    with tempfile.NamedTemporaryFile(prefix="routes-", suffix=".yaml") as file:
        file.write(path.read_bytes())
        file.flush()
        return load_map(file.name)
