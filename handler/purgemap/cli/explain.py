"""`purgemap explain`: show each step from an object's key to the items, and why other routes don't match."""

import click
from rich.console import Console
from rich.markup import escape

from purgemap import library
from purgemap.cli.options import read_map, routes_option
from purgemap.cli.terminal import Terminal, print_json
from purgemap.errors import PurgemapError
from purgemap.events import CREATED, DELETED, EXPIRED
from purgemap.operations import Explanation, MatchedTarget, is_bucket_in_map, suggest_bucket
from purgemap.planning import is_wildcard
from purgemap.routemap import RouteMap, load_map
from purgemap.text import parse_s3_uri, pluralize

# People look for the nearest miss. A bucket of a thousand sites has a thousand misses.
_MAX_SKIPS_SHOWN = 12


def _check_uri(_context: click.Context, _argument: click.Parameter, uri: str) -> str:
    try:
        parse_s3_uri(uri)
    except PurgemapError as error:
        raise click.UsageError(str(error)) from None
    return uri


@click.command(short_help="Explain what a change of one object invalidates.")
@click.argument("s3_object", metavar="s3://BUCKET/KEY", callback=_check_uri)
@click.option(
    "--event",
    type=click.Choice([CREATED, DELETED, EXPIRED]),
    default=CREATED,
    show_default=True,
    help="What happened to the object.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead.")
@routes_option
def explain(s3_object: str, event: str, *, as_json: bool, routes: tuple[str, ...]) -> int:
    """Show the routes that an object matches, the steps to its items, and why other routes don't match.

    The URI is never decoded. Quote it for the shell.
    """
    route_map = read_map(routes, load_map)
    explanation = library.explain(route_map, s3_object, event)
    if as_json:
        print_json(explanation.document())
    else:
        _show(explanation, route_map, Terminal())
    return 0


def _show(explanation: Explanation, route_map: RouteMap, console: Console) -> None:
    change = explanation.change
    console.print(f"[bold]{escape(f's3://{change.bucket}/{change.key}')}[/] {change.event}")
    for match in explanation.matches:
        _show_match(match, route_map, console)
    for skip in explanation.skipped[:_MAX_SKIPS_SHOWN]:
        name = " ".join(filter(None, (skip.route, route_map.label(skip.distribution))))
        console.print(f"[dim]skipped  {escape(name)}:[/] {escape(skip.reason)}")
    if len(explanation.skipped) > _MAX_SKIPS_SHOWN:
        misses = pluralize(len(explanation.skipped) - _MAX_SKIPS_SHOWN, "more route")
        console.print(f"[dim]skipped  {misses} of this bucket (--json)[/]")
    _show_result(explanation, route_map, console)


def _show_match(match: MatchedTarget, route_map: RouteMap, console: Console) -> None:
    target = match.target
    console.print(
        f"[green]route[/]    [bold]{escape(target.route)}[/] → {escape(route_map.label(target.distribution.id))}"
    )
    if target.matched_prefix:
        console.print(f"  prefix   {escape(target.matched_prefix)}")
    for name, value in target.captures.items():
        console.print(f"  capture  {name} = {escape(value)}")
    if target.origin_path:
        console.print(f"  origin   {escape(target.origin_path)} is cut: CloudFront puts it before the viewer's path")
    for viewer_path in match.viewer_paths:
        console.print(f"  viewer   {escape(viewer_path.path)}  [dim]{viewer_path.reason}[/]")
    for item in match.items:
        console.print(f"  item     {escape(item)}{_wildcard_reason(item, match)}")
    for warning in match.warnings:
        console.print(f"  [yellow]warning[/]  {escape(warning)}")


def _wildcard_reason(item: str, match: MatchedTarget) -> str:
    if not is_wildcard(item):
        return ""
    if any("~" in viewer_path.path for viewer_path in match.viewer_paths):
        return "  [dim]CloudFront supports ~ in no encoding, so a wildcard stops before it[/]"
    return "  [dim]a wildcard[/]"


def _show_result(explanation: Explanation, route_map: RouteMap, console: Console) -> None:
    if not explanation.invalidations:
        bucket = explanation.change.bucket
        reason = f"no route of the map names the bucket {bucket}{suggest_bucket(bucket, route_map)}"
        console.print(
            "[yellow]nothing is sent[/]"
            if is_bucket_in_map(bucket, route_map)
            else f"[yellow]nothing is sent:[/] {escape(reason)}"
        )
    for distribution, items in explanation.invalidations:
        console.print(f"[bold]sent to  {escape(route_map.label(distribution))}[/]")
        for item in items:
            console.print(f"  {escape(item)}")
