"""`purgemap status`: show the queues, the dead letters and the invalidations in progress."""

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
from purgemap.cli.options import read_map, routes_option
from purgemap.cli.queue_options import (
    QueueUrls,
    ServiceQueues,
    Waits,
    connect,
    distribution_option,
    find_distributions,
    find_queues,
    missing_queues,
    queue_options,
)
from purgemap.cli.terminal import Terminal, print_json
from purgemap.deployment.stack import StackMissingError
from purgemap.errors import PurgemapError
from purgemap.operations import (
    DeadLetterStatus,
    DistributionStatus,
    QueueStatus,
    Status,
    read_change_age,
    read_dead_letters,
    read_distributions,
    read_queue,
)
from purgemap.routemap import Distribution, RouteMap, load_map
from purgemap.routing import Router
from purgemap.text import join_with_limit, pluralize

# Sampled letters stay hidden for this long if the command is killed before it releases them.
_VISIBILITY_SECONDS = 30
_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60))

NAMESPACE_VARIABLE = "PURGEMAP_METRICS_NAMESPACE"


@click.command(short_help="Show queues, dead letters and invalidations in progress.")
@distribution_option
@queue_options
@routes_option
@click.option(
    "--metrics-namespace",
    metavar="NAME",
    help=f"The namespace of the function's metrics [default: ${NAMESPACE_VARIABLE}, then the stack's name].",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead.")
@click.pass_obj
def status(waits: Waits | None, /, *, distributions: tuple[str, ...], as_json: bool, **options: Any) -> int:
    """Show what waits in the queues, why letters are dead, and which invalidations are in progress.

    Changes nothing. --distribution narrows the invalidations, not the queues. Exits with 1 if something can't be read.
    """
    route_map = read_map(options["routes"], load_map)
    selected = find_distributions(distributions, route_map) or dict(sorted(route_map.distributions_by_id.items()))
    result = _read_status(options, Router(route_map), list(selected.values()), waits or Waits())
    if as_json:
        print_json(status_document(result, route_map.names_by_id))
    else:
        _show(result, route_map, Terminal())
    stderr = Terminal(stderr=True)
    for problem in result.problems:
        stderr.print(f"[red]can't be read[/] {escape(problem)}")
    return 0 if result.is_complete else 1


def read_status_document(
    options: Mapping[str, Any], route_map: RouteMap, waits: Waits | None = None
) -> dict[str, Any] | None:
    """Return the document of `purgemap status --json`; None if no queue is named and the stack does not exist."""
    try:
        find_queues(options)
    except PurgemapError as error:
        # Any other problem is in the document, beside what can be read.
        if isinstance(error.__cause__, StackMissingError):
            return None
    distributions = [distribution for _, distribution in sorted(route_map.distributions_by_id.items())]
    result = _read_status(options, Router(route_map), distributions, waits or Waits())
    return status_document(result, route_map.names_by_id)


def status_document(status: Status, names_by_id: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return the JSON document of `purgemap status --json`."""
    return {
        "queue": _queue_document(status.queue) if status.queue else None,
        "oldest_change_seconds": _round(status.oldest_change_seconds),
        "folder_counts_seconds": _round(status.folder_counts_seconds),
        "dead_letters": _dead_letter_document(status.dead_letters) if status.dead_letters else None,
        "distributions": [
            _distribution_document(distribution_status, names_by_id.get(distribution_status.distribution.id, ()))
            for distribution_status in status.distributions
        ],
        "problems": list(status.problems),
    }


def _queue_document(queue: QueueStatus) -> dict[str, Any]:
    counts = {name: getattr(queue.depth, name) for name in ("visible", "in_flight", "delayed")}
    return {"url": queue.url, **counts, "oldest_seconds": _round(queue.oldest_seconds)}


def _round(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds)


def _dead_letter_document(dead_letters: DeadLetterStatus) -> dict[str, Any]:
    return {
        **_queue_document(dead_letters.queue),
        "looked_at": dead_letters.letters_sampled,
        "is_sample": dead_letters.is_sample,
        "reasons": [reason._asdict() for reason in dead_letters.reasons],
    }


def _distribution_document(status: DistributionStatus, names: Sequence[str]) -> dict[str, Any]:
    identity = {"distribution": status.distribution.id, "names": list(names)}
    if status.progress is None:
        return {**identity, "in_progress": None, "error": status.error}
    return {
        **identity,
        "in_progress": len(status.progress.invalidations),
        "is_all": status.progress.is_all,
        "invalidations": [
            {"id": invalidation.id, "created": datetime.fromtimestamp(invalidation.created, UTC).isoformat()}
            for invalidation in status.progress.invalidations
        ],
    }


def _read_status(
    options: Mapping[str, Any], router: Router, distributions: Sequence[Distribution], waits: Waits
) -> Status:
    namespace = options["metrics_namespace"] or os.environ.get(NAMESPACE_VARIABLE) or options["stack_name"]
    problems: list[str] = []
    urls, counts_time = _find_queues(options, problems)
    aws, stderr = connect(urls), Terminal(stderr=True)
    queue = read_queue(SqsDeadLetterQueue(aws, urls.queue), problems) if urls.queue else None
    oldest_change = read_change_age(queue, lambda: read_oldest_change(aws, namespace), problems)
    dead_letters = None
    if urls.dead_letters:
        dead_letter_queue = SqsDeadLetterQueue(aws, urls.dead_letters, _VISIBILITY_SECONDS, waits.long_poll_seconds)
        dead_letters = read_dead_letters(dead_letter_queue, router, problems)
    with Progress(console=stderr, transient=True, disable=not stderr.is_terminal) as progress:
        task = progress.add_task("distributions", total=len(distributions))
        list_in_progress = AwsInvalidations(aws, waits.sleep).in_progress
        statuses = read_distributions(distributions, list_in_progress, lambda: progress.advance(task))
    return Status(queue, oldest_change, dead_letters, statuses, tuple(problems), _age_of_counts(counts_time))


def _age_of_counts(time: str) -> float | None:
    """Return the seconds since an ISO 8601 time, None without one."""
    return (datetime.now(UTC) - datetime.fromisoformat(time)).total_seconds() if time else None


def _find_queues(options: Mapping[str, Any], problems: list[str]) -> ServiceQueues:
    """Find the queues; adds errors to `problems`, since the distributions can be read without them."""
    try:
        queues = find_queues(options)
    except PurgemapError as error:
        problems.append(str(error))
        return ServiceQueues(QueueUrls(None, None))
    problems += missing_queues(queues.urls)
    return queues


def _show(status: Status, route_map: RouteMap, console: Console) -> None:
    table = Table("", "visible", "in flight", "delayed", "oldest", box=None, pad_edge=False, header_style="dim")
    for column in table.columns[1:]:
        column.justify = "right"
    if status.queue:
        table.add_row("[bold]queue[/]", *_cells(status.queue))
    if status.dead_letters:
        table.add_row("[bold]dead letters[/]", *_cells(status.dead_letters.queue))
    if table.rows:
        console.print(table)
    if status.oldest_change_seconds:
        age = _format_age(status.oldest_change_seconds)
        console.print(f"[yellow]not accepted yet in the last 20 minutes: changes up to {age} old[/]")
    if status.folder_counts_seconds is not None:
        console.print(f"the function's folder counts are {_format_age(status.folder_counts_seconds)} old")
    if status.dead_letters:
        _show_reasons(status.dead_letters, route_map, console)
    _show_distributions(status.distributions, route_map, console)


def _cells(queue: QueueStatus) -> Iterator[str]:
    yield from (f"{count:,}" for count in queue.depth[:3])
    # CloudWatch has the age of a new message after a minute or two.
    yield "?" if queue.oldest_seconds is None and queue.depth.total else _format_age(queue.oldest_seconds)


def _format_age(seconds: float | None) -> str:
    if seconds is None:
        return ""
    # A unit is used from two of it on: 90 min is more precise than 1 h.
    name, length = next(((name, length) for name, length in _UNITS if seconds >= 2 * length), ("s", 1))
    return f"{seconds // length:.0f} {name}"


def _show_reasons(dead_letters: DeadLetterStatus, route_map: RouteMap, console: Console) -> None:
    if not dead_letters.reasons:
        return
    console.print()
    console.print("[dim]letters  kind      reason[/]")
    for reason in dead_letters.reasons:
        console.print(f"{reason.letters:>7,}  {reason.kind:<8}  {escape(reason.reason)}")
        if reason.distributions:
            console.print(
                f"{'':19}[dim]for {escape(join_with_limit([*map(route_map.label, reason.distributions)]))}[/]"
            )
    if dead_letters.is_sample:
        total = pluralize(dead_letters.queue.depth.total, "dead letter")
        console.print(f"[dim]{dead_letters.letters_sampled:,} of about {total} were read[/]")


def _show_distributions(statuses: Sequence[DistributionStatus], route_map: RouteMap, console: Console) -> None:
    """Print the distributions with invalidations in progress or errors, and count the others."""
    shown_statuses = [status for status in statuses if status.progress is None or status.progress.invalidations]
    console.print()
    for status in shown_statuses:
        console.print(f"[bold]{escape(route_map.label(status.distribution.id))}[/]: {_describe_progress(status)}")
    if len(shown_statuses) < len(statuses):
        noun = "other distribution" if shown_statuses else "distribution"
        console.print(f"{pluralize(len(statuses) - len(shown_statuses), noun)} with no invalidation in progress")


def _describe_progress(status: DistributionStatus) -> str:
    if status.progress is None:
        return f"[red]{escape(status.error)}[/]"
    count = len(status.progress.invalidations)
    return f"{'' if status.progress.is_all else 'at least '}{count} in progress"
