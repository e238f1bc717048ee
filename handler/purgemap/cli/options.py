"""Options that several commands have, and the files that they read and write."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click
from click.core import ParameterSource

from purgemap.cli.completion import file_name
from purgemap.cli.terminal import Terminal, print_json
from purgemap.errors import PurgemapError
from purgemap.routemap import MapError, MapPaths, RouteMap, paths_text, problems_document, split_paths

if TYPE_CHECKING:
    from purgemap.operations import CheckedMap

DEFAULT_ROUTES = "config/routes.yaml"
DEFAULT_STACK = "purgemap"

INTERRUPTED = 130
"""The exit code after Ctrl-C, as in shells."""

_Map = TypeVar("_Map")


routes_option = click.option(
    "--routes",
    type=file_name,
    metavar="FILE-or-FOLDER",
    multiple=True,
    default=(DEFAULT_ROUTES,),
    show_default=True,
    help="The map: YAML, a folder of YAML parts, or compiled. Repeat it for parts in several places.",
)


stack_name_option = click.option(
    "--stack-name", metavar="NAME", default=DEFAULT_STACK, show_default=True, help="The stack's name."
)


def resolve_map_argument(arguments: tuple[str, ...], routes: tuple[str, ...], *, name: str) -> tuple[str, ...]:
    """Return the map of the arguments, else of --routes; raises click.UsageError if both are given."""
    if arguments and click.get_current_context().get_parameter_source("routes") is ParameterSource.COMMANDLINE:
        raise click.UsageError(f"{name} and --routes both name the map; give one of them")
    return arguments or routes


def read_map(routes: MapPaths, read: Callable[[MapPaths], _Map]) -> _Map:
    """Read the map of --routes; raises MapError, or PurgemapError if it does not exist.

    With --json the problems of an invalid map are printed as `check` prints them.
    """
    try:
        return read(routes)
    except MapError as error:
        # Readers of --json get a document in any case.
        if click.get_current_context().params.get("as_json"):
            print_json(problems_document(paths_text(routes), error.problems))
        if not all(path.exists() for path in split_paths(routes)):
            raise PurgemapError(f"{error}; give the map with --routes") from None
        raise


def load_and_warn(routes: MapPaths) -> RouteMap:
    """Load a map that passes `purgemap check`, and print its warnings; raises MapError for a map that doesn't."""
    return load_checked_and_warn(routes).route_map


def load_checked_and_warn(routes: MapPaths) -> "CheckedMap":
    """Load a map as `load_and_warn` does; returns it with the warnings that it silences."""
    # Imported here: operations import botocore, and `purgemap --help` must not wait half a second for it.
    from purgemap.operations import load_checked_map  # noqa: PLC0415

    checked = read_map(routes, load_checked_map)
    console = Terminal(stderr=True)
    for problem in checked.warnings:
        console.print(str(problem), style="yellow", markup=False)
    return checked


def write_file(file: Path, data: bytes) -> None:
    """Write a file, and create its folder if needed; raises PurgemapError if it can't be written."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    except OSError as error:
        raise PurgemapError(f"{file}: can't be written: {error.strerror}") from None


def check_new_file(file: Path) -> None:
    """Raise PurgemapError if a file exists: a map, edited by hand, must survive."""
    if file.exists():
        raise PurgemapError(f"{file} exists and is not overwritten; name another file, or remove it")


def write_new_file(file: Path, text: str) -> None:
    """Write a file that must not exist, and create its folder if needed; raises PurgemapError."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        raise PurgemapError(f"{file}: can't be written: {error.strerror}") from None
