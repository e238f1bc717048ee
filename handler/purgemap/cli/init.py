"""`purgemap init`: write a first map, with the schema beside it."""

import shlex
from pathlib import Path

import click
from rich.markup import escape

from purgemap.aws.inspection import Accounts
from purgemap.cli.account_options import read_accounts, role_arns_option
from purgemap.cli.completion import file_name
from purgemap.cli.discover import show_discovery
from purgemap.cli.options import DEFAULT_ROUTES, check_new_file, write_new_file
from purgemap.cli.terminal import Terminal, print_json
from purgemap.errors import PurgemapError
from purgemap.operations import EXAMPLE_MAP, SCHEMA_NAME, add_schema_line, read_schema
from purgemap.operations.discovery import Discovery, discover_map

_NEXT = ("purgemap check", "purgemap doctor", "purgemap deploy --enable-notifications")

# What the written map does not have in a form for programs.
_DISCOVERED = ("distributions", "buckets", "undecided")


def _parse_file(_context: click.Context, _option: click.Parameter, text: str) -> Path:
    # The name of a map's part in a folder, and of a file that editors check.
    if not text.endswith((".yaml", ".yml")):
        raise click.BadParameter(f"{text!r} is not a YAML file; name one such as {DEFAULT_ROUTES}")
    return Path(text)


@click.command(short_help="Write a first map.")
@click.option("--discover", "discovers", is_flag=True, help="Write the map that CloudFront's configurations imply.")
@role_arns_option
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
def init(routes: Path, role_arns: tuple[str, ...], *, discovers: bool, as_json: bool) -> int:
    """Write a first map: an example for your buckets and distributions, or with --discover those of your account.

    The schema is written beside it: editors complete and check the map with it. No file is overwritten.
    """
    if role_arns and not discovers:
        raise click.UsageError("--role-arn reads another account, which only --discover does; pass both")
    schema = routes.with_name(SCHEMA_NAME)
    # Before AWS is read, which may take a minute.
    check_new_file(routes)
    _check_schema(schema)
    discovery = _discover(role_arns) if discovers else None
    if not schema.exists():
        write_new_file(schema, read_schema())
    write_new_file(routes, add_schema_line(discovery.text if discovery else EXAMPLE_MAP))
    commands = _next_commands(routes, role_arns)
    if as_json:
        discovered = {name: discovery.document()[name] for name in _DISCOVERED} if discovery else {}
        print_json({"map": str(routes), "schema": str(schema), **discovered, "next": commands})
    if discovery:
        show_discovery(discovery, routes, Terminal(stderr=True))
    if not as_json:
        _show(routes, schema, commands, is_example=discovery is None)
    return 0


def _check_schema(schema: Path) -> None:
    """Raise PurgemapError for a schema that is not the one to write."""
    if schema.exists() and schema.read_bytes() != read_schema().encode():
        raise PurgemapError(f"{schema} is not the schema of this version, and is not overwritten; remove it")


def _discover(role_arns: tuple[str, ...]) -> Discovery:
    """Discover a map; raises PurgemapError for one without routes."""
    discovery = discover_map(read_accounts(Accounts(role_arns), Terminal(stderr=True)))
    if not discovery.routes:
        reasons = "; ".join(map(str, (*discovery.undecided, *discovery.left_out)[:3])) or "there are no distributions"
        raise PurgemapError(f"no route was discovered ({reasons}); without --discover, init writes an example to edit")
    return discovery


def _next_commands(routes: Path, role_arns: tuple[str, ...]) -> list[str]:
    options = [] if str(routes) == DEFAULT_ROUTES else ["--routes", str(routes)]
    roles = [part for arn in role_arns for part in ("--role-arn", arn)]
    return [
        shlex.join([*command.split(), *options, *(roles if command == "purgemap doctor" else [])]) for command in _NEXT
    ]


def _show(routes: Path, schema: Path, commands: list[str], *, is_example: bool) -> None:
    console = Terminal()
    content = "an example: write your buckets and distributions in its place" if is_example else "the discovered map"
    console.print(f"[bold]{escape(str(routes))}[/]  {content}")
    console.print(f"[bold]{escape(str(schema))}[/]  for editors, to complete and check the map")
    console.print("next:")
    for command in commands:
        console.print(f"  {command}", markup=False)
