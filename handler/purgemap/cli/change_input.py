"""Read the input of `plan` and `invalidate`: the changes of a deploy, the map, and a listing of the sites."""

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.markup import escape

from purgemap.cli.options import bucket_name, file_name, read_map, routes_option
from purgemap.cli.terminal import print_line
from purgemap.errors import PurgemapError
from purgemap.events import ObjectChange
from purgemap.operations import suggest_bucket
from purgemap.operations.inputs import (
    ChangeList,
    build_listings,
    check_listing,
    decode_input,
    parse_lines,
    parse_listing,
    prefix_errors_with,
    serving_targets,
    unlisted_buckets,
)
from purgemap.paths import BatchJobs, build_jobs
from purgemap.planning import Listing
from purgemap.routemap import RouteMap, load_map
from purgemap.routing import Router
from purgemap.text import MAX_SHOWN, join_with_limit, pluralize

_Command = TypeVar("_Command", bound=Callable[..., Any])

# `aws s3` prints no line for the objects that it was uploading when it ended, though S3 may have stored them.
_EARLY_ENDS = ("fatal error: ", "cancelled: ")


@dataclass(frozen=True, slots=True)
class ChangeInput:
    """The changes of an input, the jobs that the map makes of them, and the listings by distribution id.

    `unmatched` are changes of objects that no route serves; other unrouted changes are excluded by the map.
    """

    change_list: ChangeList
    batch_jobs: BatchJobs
    unmatched: list[ObjectChange]
    listings: dict[str, Listing] | None
    route_map: RouteMap

    @property
    def routed(self) -> list[ObjectChange]:
        """The changes that invalidate something."""
        unrouted = set(self.batch_jobs.unrouted)
        return [change for change in self.change_list.changes if change not in unrouted]

    @property
    def ends_early(self) -> bool:
        """Whether the log lacks objects that `aws s3` was sending when it ended."""
        return any(error.startswith(_EARLY_ENDS) for error in self.change_list.aws_cli_errors)


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
    router = Router(route_map)
    change_list = _read_changes(input_file, bucket)
    if change_list.dry_run_lines and not accepts_dry_run:
        lines = pluralize(change_list.dry_run_lines, "line")
        raise PurgemapError(
            f"{input_file}: {lines} of a --dryrun, which changed nothing; send the output of the real run"
        )
    batch_jobs = build_jobs(router.route(change_list.changes), time.time())
    for warning in (*(f"skipped: {error}" for error in change_list.aws_cli_errors), *batch_jobs.warnings):
        print_line(f"purgemap: {warning}", err=True)
    unmatched = [
        change for change in batch_jobs.unrouted if not any(serving_targets(change.bucket, change.key, router))
    ]
    listings = _read_listings(change_list, listing, bucket, route_map, router) if listing else None
    return ChangeInput(change_list, batch_jobs, unmatched, listings, route_map)


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


def _read_listings(
    change_list: ChangeList, listing: str, bucket: str | None, route_map: RouteMap, router: Router
) -> dict[str, Listing]:
    buckets = {change.bucket for change in change_list.changes}
    listed_bucket = bucket or (buckets.pop() if len(buckets) == 1 else None)
    text = read_text(listing)
    with prefix_errors_with(listing):
        keys_by_bucket = parse_listing(text, listed_bucket, change_list.changes)
        check_listing(keys_by_bucket, change_list.changes)
    listings = build_listings(keys_by_bucket, change_list.changes, router)
    for unlisted, distribution in unlisted_buckets(route_map, listings, keys_by_bucket):
        print_line(
            f"purgemap: {listing}: {unlisted} feeds {distribution} too, but its objects count as absent; list it",
            err=True,
        )
    return listings


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
