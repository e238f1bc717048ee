"""`purgemap init`: write a first map, with the schema beside it."""

import shlex
from collections.abc import Iterator
from pathlib import Path

import click

from purgemap.cli.options import DEFAULT_ROUTES, check_new_file, file_name, write_new_file
from purgemap.cli.terminal import Terminal, print_json
from purgemap.errors import PurgemapError
from purgemap.operations import EXAMPLE_MAP, SCHEMA_NAME, add_schema_line, read_schema

_NEXT = ("purgemap check", "purgemap deploy")


def _parse_file(_context: click.Context, _option: click.Parameter, text: str) -> Path:
    # The name of a map's part in a folder, and of a file that editors check.
    if not text.endswith((".yaml", ".yml")):
        raise click.BadParameter(f"{text!r} is not a YAML file; name one such as {DEFAULT_ROUTES}")
    return Path(text)


@click.command(short_help="Write a first map.")
@click.option(
    "--routes",
    type=file_name,
    callback=_parse_file,
    metavar="FILE",
    default=DEFAULT_ROUTES,
    show_default=True,
    help="The map to write.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead.")
def init(routes: Path, *, as_json: bool) -> int:
    """Write a first map: an example, for your buckets and distributions.

    The schema is written beside it: editors complete and check the map with it. No file is overwritten.
    """
    schema = routes.with_name(SCHEMA_NAME)
    check_new_file(routes)
    _check_schema(schema)
    if not schema.exists():
        write_new_file(schema, read_schema())
    write_new_file(routes, add_schema_line(EXAMPLE_MAP))
    commands = list(_next_commands(routes))
    if as_json:
        print_json({"map": str(routes), "schema": str(schema), "next": commands})
    else:
        _show(routes, schema, commands)
    return 0


def _check_schema(schema: Path) -> None:
    """Raise PurgemapError for a schema that is not the one to write."""
    if schema.exists() and schema.read_bytes() != read_schema().encode():
        raise PurgemapError(f"{schema} is not the schema of this version, and is not overwritten; remove it")


def _next_commands(routes: Path) -> Iterator[str]:
    options = "" if str(routes) == DEFAULT_ROUTES else f" --routes {shlex.quote(str(routes))}"
    return (command + options for command in _NEXT)


def _show(routes: Path, schema: Path, commands: list[str]) -> None:
    console = Terminal()
    console.print(f"{routes}  an example: write your buckets and distributions in its place, then", markup=False)
    for command in commands:
        console.print(f"  {command}", markup=False)
    console.print(f"{schema}  for editors, to complete and check the map", markup=False)
