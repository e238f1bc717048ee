"""Read the input of `plan` and `invalidate` from files and options, and print what it lacks."""

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.markup import escape

from purgemap.cli.completion import bucket_name, file_name
from purgemap.cli.options import read_map, routes_option
from purgemap.cli.terminal import print_line
from purgemap.errors import PurgemapError
from purgemap.operations import ChangeInput, read_listed_keys, route_change_list, suggest_bucket
from purgemap.operations.inputs import ChangeList, decode_input, parse_lines, prefix_errors_with
from purgemap.routemap import load_map
from purgemap.text import MAX_SHOWN, join_with_limit, pluralize

_Command = TypeVar("_Command", bound=Callable[..., Any])


def change_input_options(command: _Command) -> _Command:
    """Add the options and the argument of `read_change_input`."""
    options: tuple[Callable[[Any], Any], ...] = (
        click.argument("input_file", metavar="[INPUT|-]", default="-", type=file_name),
        click.option("--bucket", metavar="BUCKET", type=bucket_name, help="The bucket of keys that name none."),
        click.option(
            "--listing",
            metavar="FILE",
            type=file_name,
            help="The bucket's keys after the deploy: one a line, `aws s3 ls --recursive`, or JSON of list-objects-v2.",
        ),
        routes_option,
    )
    for option in reversed(options):
        command = option(command)
    return command


def read_change_input(
    *, input_file: str, bucket: str | None, listing: str | None, routes: tuple[str, ...], accepts_dry_run: bool = True
) -> ChangeInput:
    """Read the input, the map and the listing, and print warnings; raises PurgemapError or MapError."""
    route_map = read_map(routes, load_map)
    change_list = _read_changes(input_file, bucket)
    if change_list.dry_run_lines and not accepts_dry_run:
        lines = pluralize(change_list.dry_run_lines, "line")
        raise PurgemapError(
            f"{input_file}: {lines} of a --dryrun, which changed nothing; send the output of the real run"
        )
    keys_by_bucket = _read_listing(listing, bucket, change_list) if listing else None
    changes = route_change_list(route_map, change_list, keys_by_bucket, time.time())
    for warning in (*changes.warnings, *(f"{listing}: {gap}" for gap in changes.listing_gaps)):
        print_line(f"purgemap: {warning}", err=True)
    return changes


def _read_listing(listing: str, bucket: str | None, change_list: ChangeList) -> Mapping[str, Sequence[str]]:
    text = read_text(listing)
    with prefix_errors_with(listing):
        return read_listed_keys(text, bucket, change_list)


def _read_changes(input_file: str, bucket: str | None) -> ChangeList:
    # A deploy that is sent twice on purpose is two deploys, so each run has its own source.
    source = f"cli-{time.time_ns()}-{os.getpid()}"
    text = read_text(input_file)
    with prefix_errors_with(input_file):
        return parse_lines(text.split("\n"), bucket=bucket, source=source)


allow_unrouted_option = click.option(
    "--allow-unrouted", is_flag=True, help="Exit with 0 although no route matches some of the changes."
)


def report_incomplete(changes: ChangeInput, stderr: Console, *, allow_unrouted: bool) -> bool:
    """Print why stale objects may remain, whatever CloudFront does; returns whether there is a reason."""
    is_unrouted = bool(changes.unmatched) and not allow_unrouted
    if is_unrouted:
        unmatched = pluralize(len(changes.unmatched), "change")
        stderr.print(f"[red]no route matches {unmatched}[/]: fix the map or the input, or pass --allow-unrouted")
    if changes.ends_early:
        stderr.print("[red]aws s3 ended early[/]: it may have changed more objects; run it again, and send its log")
    return is_unrouted or changes.ends_early


def describe_unrouted(changes: ChangeInput) -> str:
    """Return the numbers of changes and events that invalidate nothing, "" if there are none."""
    unrouted, ignored = len(changes.batch_jobs.unrouted), changes.change_list.ignored
    if not unrouted and not ignored:
        return ""
    buckets = sorted({change.bucket for change in changes.unmatched})
    place = f" (in {join_with_limit(buckets)})" if buckets else ""
    # Exclusion is on purpose. A change without a route may be a mistake in the map or in the input.
    excluded = unrouted - len(changes.unmatched)
    excluded_part = f", {pluralize(excluded, 'change')} excluded by the map" if excluded else ""
    unmatched_part = f"{pluralize(len(changes.unmatched), 'change')} without a route{place}"
    return f"{unmatched_part}{excluded_part}, {pluralize(ignored, 'event')} ignored"


def print_unrouted(changes: ChangeInput, console: Console, *, prefix: str = "") -> None:
    """Print the suggestions and what invalidates nothing; with a prefix, print a line in any case."""
    # Each suggestion compares a bucket with all those of the map.
    for bucket in sorted({change.bucket for change in changes.unmatched})[:MAX_SHOWN]:
        hint = suggest_bucket(bucket, changes.route_map)
        if hint:
            console.print(f"[yellow]{escape(f'the map has no bucket {bucket}{hint}')}[/]")
    unrouted = describe_unrouted(changes)
    if prefix or unrouted:
        console.print(f"[yellow]{prefix}{escape(unrouted or 'the input contains no changes')}[/]")


def read_text(file: str) -> str:
    """Read a file or, for `-`, standard input."""
    try:
        # Not in text mode: keys may hold any character, so only newlines end lines.
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        with prefix_errors_with(file):
            return decode_input(data)
    except OSError as error:
        raise PurgemapError(f"{file}: {error.strerror}; name a file, or - for standard input") from None
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise PurgemapError(f"{file}: line {line} is not UTF-8 (byte {error.start})") from None
