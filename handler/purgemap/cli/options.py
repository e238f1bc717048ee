"""What several commands take, and the files that they read and write."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click
from click.core import ParameterSource

from purgemap.cli.terminal import Terminal, print_json
from purgemap.errors import PurgemapError
from purgemap.routemap import MapError, MapPaths, RouteMap, paths_text, problems_document, split_paths
from purgemap.text import S3_SCHEME

DEFAULT_ROUTES = "config/routes.yaml"

INTERRUPTED = 130
"""The exit code of what Ctrl-C ends, as shells have it."""

# The longest names are those of buckets older than today's rules, as in the map's schema.
_BUCKET = re.compile(r"[A-Za-z0-9._-]{3,255}")

_Map = TypeVar("_Map")


def file_name(text: str) -> str:
    """Refuse an empty name, as an unset variable of a shell leaves it, rather than take it for none."""
    if not text:
        raise click.BadParameter("it is empty; name a file, or leave it out")
    return text


def bucket_name(text: str) -> str:
    """Refuse what can be no bucket's name, and say what to write instead where it holds one."""
    if not _BUCKET.fullmatch(text):
        name = text.removeprefix(S3_SCHEME).partition("/")[0]
        instead = name if _BUCKET.fullmatch(name) else "my-site"
        raise click.BadParameter(f"{text!r} is not a bucket's name; write it alone, as {instead}")
    return text


routes_option = click.option(
    "--routes",
    type=file_name,
    metavar="FILE-or-FOLDER",
    multiple=True,
    default=(DEFAULT_ROUTES,),
    show_default=True,
    help="The map: YAML, a folder of YAML parts, or compiled. Repeat it for parts in several places.",
)


def resolve_map_argument(arguments: tuple[str, ...], routes: tuple[str, ...], *, name: str) -> tuple[str, ...]:
    """Return the map that arguments name, else that of --routes; raises click.UsageError where both name one."""
    if arguments and click.get_current_context().get_parameter_source("routes") is ParameterSource.COMMANDLINE:
        raise click.UsageError(f"{name} and --routes both name the map; give one of them")
    return arguments or routes


def read_map(routes: MapPaths, read: Callable[[MapPaths], _Map]) -> _Map:
    """Read the map of --routes; where the command was to print JSON, a bad one's problems are printed as `check` does.

    Raises MapError, or PurgemapError where there is nothing to be read.
    """
    try:
        return read(routes)
    except MapError as error:
        if click.get_current_context().params.get("as_json"):
            print_json(problems_document(paths_text(routes), error.problems))
        if not all(path.exists() for path in split_paths(routes)):
            raise PurgemapError(f"{error}; give the map with --routes") from None
        raise


def load_and_warn(routes: MapPaths) -> RouteMap:
    """Load a map that passes `purgemap check`, and print its warnings; raises MapError for a map that doesn't."""
    # Imported here: operations import botocore, and `purgemap --help` must not wait half a second for it.
    from purgemap.operations import load_checked_map  # noqa: PLC0415

    checked = read_map(routes, load_checked_map)
    console = Terminal(stderr=True)
    for problem in checked.warnings:
        console.print(str(problem), style="yellow", markup=False)
    return checked.route_map


def write_file(file: Path, data: bytes) -> None:
    """Write a file, and make the folder that it is to stand in; raises PurgemapError where that can't be."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    except OSError as error:
        raise PurgemapError(f"{file}: can't be written: {error.strerror}") from None
