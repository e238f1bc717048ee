"""Wait until named objects are fresh, and print the result: for `wait` and `invalidate --wait`."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress

from purgemap.aws import Aws
from purgemap.aws.monitoring import AwsInvalidations, AwsObjects
from purgemap.events import ObjectChange
from purgemap.operations import (
    ChangeInput,
    ChangeTimes,
    Need,
    WaitResult,
    WaitTimes,
    read_change_times,
    wait_until_fresh,
)
from purgemap.text import join_with_limit, pluralize

# As `plan` shows; the JSON document has all items.
_MAX_ITEMS_SHOWN = 30


def parse_time(text: str) -> float:
    """Parse an ISO 8601 time with its zone, or seconds since the epoch; raises click.BadParameter."""
    try:
        time = float(text) if text.replace(".", "", 1).isdecimal() else datetime.fromisoformat(text)
    except ValueError:
        time = math.nan
    if isinstance(time, datetime) and time.tzinfo:
        return time.timestamp()
    if isinstance(time, float) and math.isfinite(time):
        return time
    raise click.BadParameter(f"{text!r} is not a time with a zone, as 2026-11-29T08:30:00Z, or seconds, as date +%s")


since_option = click.option(
    "--since",
    metavar="TIME",
    type=parse_time,
    help="When objects changed of which S3 has no time: deleted, uploaded in parts, unreadable [default: now].",
)


def read_times(changes: ChangeInput, since: float | None, stderr: Console) -> ChangeTimes:
    """Read when the routed objects last changed, with a progress bar on a terminal."""
    objects, routed = AwsObjects(), changes.routed
    with Progress(console=stderr, transient=True, disable=not stderr.is_terminal) as progress:
        task = progress.add_task("objects", total=len(routed))

        def read(bucket: str, key: str) -> Any:
            progress.advance(task)
            return objects.read_time(bucket, key)

        times = read_change_times(routed, read, since)
    for error in times.errors[:1]:
        more = f" (and {len(times.errors) - 1:,} more)" if len(times.errors) > 1 else ""
        stderr.print(f"[yellow]can't be read[/] {escape(error)}{more}")
    return times


def wait_for(
    needs: Sequence[Need],
    changes: ChangeInput,
    times: WaitTimes,
    stderr: Console,
    at_start: Sequence[ObjectChange] = (),
) -> WaitResult:
    """Wait until the needs are fresh, with a progress bar on a terminal, and print what is missing.

    `at_start` are the changes that count as made at the start.
    """
    aws = Aws()
    aws.check()
    with Progress(console=stderr, transient=True, disable=not stderr.is_terminal) as progress:
        task = progress.add_task("fresh items", total=sum(len(need.counts_from) for need in needs))
        result = wait_until_fresh(
            needs,
            AwsInvalidations(aws, times.sleep),
            times,
            lambda fresh, total: progress.update(task, completed=fresh, total=total),
        )
    _print_missing(result, changes, stderr)
    if result.missing and at_start:
        names = join_with_limit([f"s3://{change.bucket}/{change.key}" for change in at_start])
        stderr.print(
            f"[yellow]S3 has no time of the change of {escape(names)}[/]: only invalidations from the start of this "
            "command on count; pass --since with the time when the deploy began"
        )
    return result


def wait_document(result: WaitResult) -> dict[str, Any]:
    """Return the JSON document of `purgemap wait --json`."""
    return {
        "fresh": _items_document(result.fresh),
        "missing": _items_document(result.missing),
        "seconds": round(result.seconds, 1),
    }


def _items_document(items_by_distribution: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    return [{"distribution": id_, "items": items} for id_, items in items_by_distribution.items()]


def print_fresh(result: WaitResult, console: Console) -> None:
    """Print one line of what is fresh."""
    items = pluralize(sum(map(len, result.fresh.values())), "item")
    distributions = pluralize(len(result.fresh), "distribution")
    console.print(f"[green]fresh[/] {items} of {distributions} after {result.seconds:.0f} s")


def _print_missing(result: WaitResult, changes: ChangeInput, stderr: Console) -> None:
    for id_, items in result.missing.items():
        label, shown = escape(changes.route_map.label(id_)), escape(join_with_limit(items, _MAX_ITEMS_SHOWN))
        stderr.print(f"[red]missing[/] {label}: {shown}")
        if id_ in result.errors:
            stderr.print(f"[red]can't be read[/] {label}: {escape(result.errors[id_])}")
