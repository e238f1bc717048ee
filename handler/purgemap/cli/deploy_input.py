"""What `plan` and `invalidate` read: a deploy's changes, the map, and what is known of the sites."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
    serving_targets,
    unlisted_buckets,
)
from purgemap.paths import BatchJobs, build_jobs
from purgemap.planning import Listing
from purgemap.routemap import RouteMap, load_map
from purgemap.routing import Router
from purgemap.text import join_with_limit, pluralize

_MAX_SUGGESTIONS = 5

_Command = TypeVar("_Command", bound=Callable[..., Any])

# What `aws s3` was uploading when it ended has no line, though S3 may have taken it.
_EARLY_ENDS = ("fatal error: ", "cancelled: ")


@dataclass(frozen=True, slots=True)
class Deploy:
    """A deploy as the map in `routes` sees it: counts of distinct objects and ignored events, and its jobs.

    `unmatched` are those of its unrouted changes that no route serves; routes leave out the others on purpose, by
    include, exclude or events. `suggestions` has a line for each bucket that may be a misspelt one of the map.
    `ends_early` is True if the log lacks what `aws s3` was sending when it ended.
    """

    changes: int
    ignored: int
    wanted: BatchJobs
    unmatched: list[ObjectChange]
    suggestions: list[str]
    ends_early: bool
    listings: dict[str, Listing] | None
    routes: RouteMap


def deploy_options(command: _Command) -> _Command:
    """Add the options and the argument that `read_deploy` takes."""
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


def read_deploy(
    *,
    input_file: str,
    bucket: str | None,
    listing: str | None,
    routes: tuple[str, ...],
    accepts_dry_run: bool = True,
) -> Deploy:
    """Read everything; raises PurgemapError (or MapError) for what can't be read."""
    table = read_map(routes, load_map)
    router = Router(table)
    # A deploy that is sent twice on purpose is two deploys: each run has its own source.
    source = f"cli-{time.time_ns()}-{os.getpid()}"
    text = _read(input_file)
    with _of_file(input_file):
        named = parse_lines(text.split("\n"), bucket=bucket, source=source)
    if named.dry_run_lines and not accepts_dry_run:
        lines = pluralize(named.dry_run_lines, "line")
        raise PurgemapError(
            f"{input_file}: {lines} of a --dryrun, which changed nothing; send the output of the real run"
        )
    for trouble in named.troubles:
        print_line(f"purgemap: passed over: {trouble}", err=True)
    wanted = build_jobs(router.route(named.changes), time.time())
    for warning in wanted.warnings:
        print_line(f"purgemap: {warning}", err=True)
    unmatched = [change for change in wanted.unrouted if not any(serving_targets(change.bucket, change.key, router))]
    buckets = sorted({change.bucket for change in unmatched})[:_MAX_SUGGESTIONS]
    suggestions = ((bucket, suggest_bucket(bucket, table)) for bucket in buckets)
    return Deploy(
        len({(change.bucket, change.key) for change in named.changes}),
        named.ignored,
        wanted,
        unmatched,
        [f"the map has no bucket {bucket}{hint}" for bucket, hint in suggestions if hint],
        any(trouble.startswith(_EARLY_ENDS) for trouble in named.troubles),
        _listings(named, listing, bucket, table, router) if listing else None,
        table,
    )


def left_out(deploy: Deploy) -> str:
    """Describe what of the input invalidates nothing, "" for none of it."""
    if not deploy.wanted.unrouted and not deploy.ignored:
        return ""
    buckets = sorted({change.bucket for change in deploy.unmatched})
    where = f" (in {join_with_limit(buckets)})" if buckets else ""
    excluded = len(deploy.wanted.unrouted) - len(deploy.unmatched)
    return ", ".join(
        (
            f"{pluralize(len(deploy.unmatched), 'change')} without a route{where}",
            *((f"{pluralize(excluded, 'change')} excluded by the map",) if excluded else ()),
            f"{pluralize(deploy.ignored, 'event')} ignored",
        )
    )


def print_left_out(deploy: Deploy, console: Console, *, before: str = "") -> None:
    """Print what of the input invalidates nothing, and which buckets the map may mean."""
    for line in deploy.suggestions:
        console.print(f"[yellow]{escape(line)}[/]")
    if before or left_out(deploy):
        console.print(f"[yellow]{before}{escape(left_out(deploy) or 'the input names no change')}[/]")


def _listings(
    named: ChangeList, listing: str, bucket: str | None, routes: RouteMap, router: Router
) -> dict[str, Listing]:
    buckets = {change.bucket for change in named.changes}
    of_bucket = bucket or (buckets.pop() if len(buckets) == 1 else None)
    text = _read(listing)
    with _of_file(listing):
        keys_by_bucket = parse_listing(text, of_bucket, named.changes)
        check_listing(keys_by_bucket, named.changes)
    listings = build_listings(keys_by_bucket, named.changes, router)
    for unlisted, distribution in unlisted_buckets(routes, listings, keys_by_bucket):
        print_line(
            f"purgemap: {listing}: {unlisted} feeds {distribution} too, and what it holds counts as not there: list it",
            err=True,
        )
    return listings


@contextmanager
def _of_file(file: str) -> Iterator[None]:
    try:
        yield
    except PurgemapError as error:
        raise PurgemapError(f"{file}: {error}") from None


def _read(file: str) -> str:
    """Read a file or, for `-`, standard input; keys may hold any character, so only newlines end lines."""
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        with _of_file(file):
            return decode_input(data)
    except OSError as error:
        raise PurgemapError(f"{file}: {error.strerror}; name a file, or - for standard input") from None
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise PurgemapError(f"{file}: line {line} is not UTF-8 (byte {error.start})") from None
