"""`purgemap status`: queues, dead letters and invalidations now."""

import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from purgemap.aws.monitoring import AwsInvalidations, SqsDeadLetterQueue, read_oldest_change
from purgemap.batch_log import DEFAULT_NAMESPACE
from purgemap.cli.options import read_map, routes_option
from purgemap.cli.queue_options import (
    QueueUrls,
    aws_of,
    distribution_option,
    find_distributions,
    queue_options,
    resolve_queue_urls,
    unnamed,
)
from purgemap.cli.terminal import Terminal, print_json
from purgemap.operations import (
    DeadLetterStatus,
    DistributionStatus,
    QueueStatus,
    Status,
    read_dead_letters,
    read_distributions,
    read_queue,
    read_waiting,
)
from purgemap.routemap import Distribution, RouteMap, load_map
from purgemap.routing import Router
from purgemap.text import join_with_limit, pluralize

# How long letters that are looked at stay hidden, should this be killed before it shows them again.
_VISIBILITY_SECONDS = 30
_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60))

NAMESPACE_VARIABLE = "PURGEMAP_METRICS_NAMESPACE"

Names = Mapping[str, Sequence[str]]


@click.command(short_help="Queues, dead letters and invalidations now.")
@distribution_option
@queue_options
@routes_option
@click.option(
    "--metrics-namespace",
    metavar="NAME",
    help=f"The function's metrics: the stack's name [default: ${NAMESPACE_VARIABLE}, then {DEFAULT_NAMESPACE}].",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead.")
def status(*, distributions: tuple[str, ...], routes: tuple[str, ...], as_json: bool, **service: str | None) -> int:
    """Show what waits in the queues, why letters are dead, and which invalidations are in progress.

    Changes nothing. --distribution narrows the invalidations, not the queues. Exits with 1 if something can't be read.
    """
    table = read_map(routes, load_map)
    watched = find_distributions(distributions, table) or [
        each for _, each in sorted(table.distributions_by_id.items())
    ]
    namespace = service["metrics_namespace"] or os.environ.get(NAMESPACE_VARIABLE) or DEFAULT_NAMESPACE
    urls = resolve_queue_urls(service["queue_url"], service["dead_letter_queue_url"])
    found = _read(urls, namespace, Router(table), watched)
    if as_json:
        print_json(document(found, table.names_by_id))
    else:
        _show(found, table, Terminal())
    stderr = Terminal(stderr=True)
    for problem in found.problems:
        stderr.print(f"[red]can't be read[/] {escape(problem)}")
    return 0 if found.is_whole else 1


def document(found: Status, names: Names) -> dict[str, Any]:
    """Return the JSON document of `purgemap status --json`."""
    return {
        "queue": _queue_document(found.queue) if found.queue else None,
        "oldest_change_seconds": _whole(found.oldest_change_seconds),
        "dead_letters": _dead_letter_document(found.dead_letters) if found.dead_letters else None,
        "distributions": [_distribution_document(each, names) for each in found.distributions],
        "problems": list(found.problems),
    }


def _queue_document(queue: QueueStatus) -> dict[str, Any]:
    depth = queue.depth
    return {
        "url": queue.url,
        "visible": depth.visible,
        "in_flight": depth.in_flight,
        "delayed": depth.delayed,
        "oldest_seconds": _whole(queue.oldest_seconds),
    }


def _whole(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds)


def _dead_letter_document(dead_letters: DeadLetterStatus) -> dict[str, Any]:
    return {
        **_queue_document(dead_letters.queue),
        "looked_at": dead_letters.looked_at,
        "is_sample": dead_letters.is_sample,
        "reasons": [reason._asdict() for reason in dead_letters.reasons],
    }


def _distribution_document(each: DistributionStatus, names: Names) -> dict[str, Any]:
    identity = {"distribution": each.distribution.id, "names": list(names.get(each.distribution.id, ()))}
    if each.progress is None:
        return {**identity, "in_progress": None, "error": each.error}
    return {
        **identity,
        "in_progress": len(each.progress.invalidations),
        "is_all": each.progress.is_all,
        "invalidations": [
            {"id": one.id, "created": datetime.fromtimestamp(one.created, UTC).isoformat()}
            for one in each.progress.invalidations
        ],
    }


def _read(urls: QueueUrls, namespace: str, router: Router, watched: Sequence[Distribution]) -> Status:
    aws, problems = aws_of(urls), list(unnamed(urls))
    queue = read_queue(SqsDeadLetterQueue(aws, urls.queue), problems) if urls.queue else None
    oldest_change = read_waiting(queue, lambda: read_oldest_change(aws, namespace), problems)
    inbox = SqsDeadLetterQueue(aws, urls.dead_letters, _VISIBILITY_SECONDS) if urls.dead_letters else None
    dead_letters = read_dead_letters(inbox, router, problems) if inbox else None
    stderr = Terminal(stderr=True)
    with Progress(console=stderr, transient=True, disable=not stderr.is_terminal) as progress:
        task = progress.add_task("distributions", total=len(watched))
        found = read_distributions(watched, AwsInvalidations(aws), lambda: progress.advance(task))
    return Status(queue, oldest_change, dead_letters, found, tuple(problems))


def _show(found: Status, routes: RouteMap, console: Console) -> None:
    table = Table("", "visible", "in flight", "delayed", "oldest", box=None, pad_edge=False, header_style="dim")
    for column in table.columns[1:]:
        column.justify = "right"
    if found.queue:
        table.add_row("[bold]queue[/]", *_cells(found.queue))
    if found.dead_letters:
        table.add_row("[bold]dead letters[/]", *_cells(found.dead_letters.queue))
    if table.rows:
        console.print(table)
    if found.oldest_change_seconds:
        age = _age(found.oldest_change_seconds)
        console.print(f"[yellow]not accepted yet in the last 20 minutes: changes up to {age} old[/]")
    if found.dead_letters:
        _show_reasons(found.dead_letters, routes, console)
    _show_distributions(found.distributions, routes, console)


def _cells(queue: QueueStatus) -> Iterator[str]:
    yield from (f"{count:,}" for count in queue.depth[:3])
    yield "?" if queue.oldest_seconds is None and queue.depth.total else _age(queue.oldest_seconds)


def _age(seconds: float | None) -> str:
    if seconds is None:
        return ""
    name, length = next(((name, length) for name, length in _UNITS if seconds >= 2 * length), ("s", 1))
    return f"{seconds // length:.0f} {name}"


def _show_reasons(dead_letters: DeadLetterStatus, routes: RouteMap, console: Console) -> None:
    if not dead_letters.reasons:
        return
    console.print()
    console.print("[dim]letters  kind      reason[/]")
    for reason in dead_letters.reasons:
        console.print(f"{reason.letters:>7,}  {reason.kind:<8}  {escape(reason.reason)}")
        if reason.distributions:
            console.print(f"{'':19}[dim]for {escape(join_with_limit([*map(routes.label, reason.distributions)]))}[/]")
    if dead_letters.is_sample:
        total = dead_letters.queue.depth.total
        console.print(f"[dim]{dead_letters.looked_at:,} of about {pluralize(total, 'dead letter')} were looked at[/]")


def _show_distributions(distributions: Sequence[DistributionStatus], routes: RouteMap, console: Console) -> None:
    """Print the distributions with invalidations in progress or errors, and count the others."""
    telling = [each for each in distributions if each.progress is None or each.progress.invalidations]
    console.print()
    for each in telling:
        console.print(f"[bold]{escape(routes.label(each.distribution.id))}[/]: {_news(each)}")
    if len(telling) < len(distributions):
        rest = len(distributions) - len(telling)
        what = "other distribution" if telling else "distribution"
        console.print(f"{pluralize(rest, what)} with no invalidation in progress")


def _news(each: DistributionStatus) -> str:
    if each.progress is None:
        return f"[red]{escape(each.error)}[/]"
    count = len(each.progress.invalidations)
    return f"{'' if each.progress.is_all else 'at least '}{count} in progress"
