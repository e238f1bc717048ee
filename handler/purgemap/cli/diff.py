"""`purgemap diff`: show the effect of a map's edit."""

import os
import tempfile
from pathlib import Path

import click

from purgemap.cli.completion import file_name
from purgemap.cli.options import resolve_map_argument, routes_option
from purgemap.cli.terminal import Terminal
from purgemap.deployment.diff import NO_CHANGES, compare_maps, format_markdown, format_text
from purgemap.routemap import RouteMap, empty_map, load_map

_COLOURS = {"added": "green", "removed": "red", "changed": "yellow", "warning": "bold yellow"}


@click.command(short_help="The effect of a map's edit.")
@click.argument("old", metavar="OLD", type=file_name)
@click.argument("new", metavar="[NEW]", required=False, type=file_name)
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["text", "markdown"]),
    default="text",
    show_default=True,
    help="Lines, or Markdown with a picture for a comment on a pull request.",
)
@routes_option
def diff(old: str, new: str | None, output_format: str, routes: tuple[str, ...]) -> int:
    """Show the effect of a map's edit: on sites, buckets, distributions, event rules and permissions.

    OLD and NEW are maps: YAML, a folder of YAML parts, compiled, or /dev/null for none. NEW defaults to --routes.
    Warns of edits that invalidate more than before. Exits with 0 whatever differs.
    """
    map_diff = compare_maps(_load((old,)), _load(resolve_map_argument((new,) if new else (), routes, name="NEW")))
    if output_format == "markdown":
        click.echo(format_markdown(map_diff), nl=False)
        return 0
    console = Terminal()
    lines = [*format_text(map_diff)]
    for line in lines:
        console.print(str(line), style=_COLOURS[line.change], markup=False)
    if not lines:
        console.print(NO_CHANGES)
    return 0


def _load(paths: tuple[str, ...]) -> RouteMap:
    if paths == (os.devnull,):
        return empty_map()
    path = Path(paths[0])
    if not path.is_fifo():
        return load_map(paths)
    # A pipe, as of a shell's <(git show main:config/routes.yaml), can be read once; loading reads a map twice.
    with tempfile.NamedTemporaryFile(prefix="routes-", suffix=".yaml") as file:
        file.write(path.read_bytes())
        file.flush()
        return load_map(file.name)
