"""`purgemap discover`: read CloudFront's configurations, and print the map that they imply."""

from pathlib import Path

import click
from rich.markup import escape

from purgemap.aws.inspection import Accounts
from purgemap.cli.account_options import read_accounts, role_arns_option
from purgemap.cli.completion import file_name
from purgemap.cli.options import check_new_file, read_map, routes_option, write_new_file
from purgemap.cli.terminal import Terminal, print_json, print_lines
from purgemap.operations.discovery import Discovery, discover_map
from purgemap.routemap import load_map
from purgemap.text import pluralize

# The map's comments have all of them.
_MAX_SHOWN = 12


@click.command(short_help="Print the map that CloudFront's configurations imply.")
@role_arns_option
@click.option("--output", type=file_name, metavar="FILE", help="Write the map to this file, which must not exist.")
@click.option("--new", "only_new", is_flag=True, help="Print only what the map of --routes lacks, as a part of it.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead.")
@routes_option
def discover(
    role_arns: tuple[str, ...], output: str | None, *, only_new: bool, as_json: bool, routes: tuple[str, ...]
) -> int:
    """Read the distributions of your account, and print a map that passes `purgemap check`.

    Comments in the map name what the configurations do not show. Changes nothing in AWS.
    """
    file, stderr = Path(output) if output else None, Terminal(stderr=True)
    if file:
        # Before AWS is read, which may take a minute.
        check_new_file(file)
    existing = read_map(routes, load_map) if only_new else None
    discovery = discover_map(read_accounts(Accounts(role_arns), stderr), existing)
    if file and discovery.distributions:
        write_new_file(file, discovery.text)
    if as_json:
        print_json(discovery.document())
    elif not file:
        print_lines(discovery.text.removesuffix("\n"))
    show_discovery(discovery, file, stderr, only_new=only_new)
    return 0


def show_discovery(discovery: Discovery, file: Path | None, stderr: Terminal, *, only_new: bool = False) -> None:
    """Print what could not be decided, and the size of the map."""
    for finding in discovery.undecided[:_MAX_SHOWN]:
        stderr.print(f"[yellow]not decided[/]  {escape(str(finding))}")
    if len(discovery.undecided) > _MAX_SHOWN:
        stderr.print(f"[yellow]not decided[/]  {len(discovery.undecided) - _MAX_SHOWN:,} more, in the map's comments")
    if not discovery.distributions:
        # `check` refuses a map without routes, so no file is written.
        reason = (
            "the map lacks nothing" if only_new else "no S3 origin is known; to read other accounts, pass --role-arn"
        )
        stderr.print(f"[bold]nothing found[/]: {reason}")
        return
    sizes = f"{pluralize(discovery.distributions, 'distribution')}, {pluralize(discovery.buckets, 'bucket')}"
    left_out = f", {len(discovery.left_out):,} left out" if discovery.left_out else ""
    place = f" → {file}" if file else ""
    stderr.print(f"[bold]{sizes}[/]{left_out}{escape(place)}")
