"""`purgemap redrive`: send dead letters again, once their cause is repaired."""

import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Event
from types import FrameType
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress

from purgemap.aws import SqsQueue
from purgemap.aws.monitoring import SqsDeadLetterQueue
from purgemap.cli.options import INTERRUPTED, read_map, routes_option
from purgemap.cli.queue_options import (
    QueueUrls,
    Waits,
    connect,
    distribution_option,
    find_distributions,
    find_queue_urls,
    missing_queues,
    queue_options,
)
from purgemap.cli.terminal import Terminal, print_json
from purgemap.errors import PurgemapError
from purgemap.operations import (
    DeadLetter,
    DeadLetterScan,
    RedriveFilter,
    RedriveResult,
    affected_distributions,
    preview_redrive,
    redrive_letters,
)
from purgemap.routemap import MapPaths, load_map
from purgemap.routing import Router
from purgemap.text import pluralize


@click.command(short_help="Send dead letters again, after the repair.")
@distribution_option
@click.option("--dry-run", is_flag=True, help="Show what would be sent, and leave everything where it is.")
@queue_options
@routes_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead.")
@click.pass_obj
def redrive(waits: Waits | None, /, *, dry_run: bool, as_json: bool, **options: Any) -> int:
    """Send dead letters again: all of them, or those that concern a distribution.

    A letter is deleted once the queue has accepted everything that replaces it. Letters that can't be read are sent
    unchanged; with --distribution they stay. An event is sent for every distribution that it concerns, not only for
    those that are named. Ctrl-C ends the run after the current letters.

    Exits with 1 if a letter could not be sent or deleted, and names it.
    """
    urls = _check_urls(find_queue_urls(options))
    is_selected = _build_filter(options["distributions"], options["routes"])
    with _stop_on_interrupt() as stop:
        result = _run(urls, is_selected, stop, waits or Waits(), dry_run=dry_run)
    if as_json:
        print_json(redrive_document(result, dry_run=dry_run))
    else:
        _show(result, Terminal(), dry_run=dry_run)
    _print_failures(result, Terminal(stderr=True))
    if stop.is_set():
        return INTERRUPTED
    return 1 if result.failures or result.not_deleted or result.stopped_reason else 0


def redrive_document(result: RedriveResult, *, dry_run: bool) -> dict[str, Any]:
    """Return the JSON document of `purgemap redrive --json`."""
    return {
        "dry_run": dry_run,
        "redriven": result.letters,
        "messages": result.messages,
        "left": result.skipped,
        "newer": result.arrived_during_scan,
        "reasons": [
            {"kind": kind, "reason": reason, "letters": count} for (kind, reason), count in result.counts.most_common()
        ],
        "failed": [failure._asdict() for failure in result.failures],
        "undeleted": [{"id": id_, "error": error} for id_, error in result.not_deleted.items()],
        "stopped": result.stopped_reason,
    }


def _check_urls(urls: QueueUrls) -> QueueUrls:
    if None in urls:
        raise PurgemapError("; ".join(missing_queues(urls)))
    if urls.queue == urls.dead_letters:
        raise PurgemapError(f"{urls.queue} is given as the queue and as its dead-letter queue")
    return urls


def _build_filter(texts: Sequence[str], paths: MapPaths) -> Callable[[DeadLetter], bool]:
    if not texts:
        # The map is not needed, so a redrive works even if the map is broken.
        return lambda _letter: True
    route_map = read_map(paths, load_map)
    router, ids = Router(route_map), find_distributions(texts, route_map).keys()
    return lambda letter: not ids.isdisjoint(affected_distributions(letter, router))


def _run(
    urls: QueueUrls, is_selected: Callable[[DeadLetter], bool], stop: Event, waits: Waits, *, dry_run: bool
) -> RedriveResult:
    aws, stderr = connect(urls), Terminal(stderr=True)
    dead_letter_queue = SqsDeadLetterQueue(aws, urls.dead_letters or "", wait_seconds=waits.long_poll_seconds)
    depth = dead_letter_queue.depth()
    # AWS's clock has whole seconds. A letter that is sent in the same second as the start counts as sent before it.
    scan = DeadLetterScan(dead_letter_queue, depth.time + 1, stop.is_set)
    with Progress(console=stderr, transient=True, disable=not stderr.is_terminal) as progress:
        task = progress.add_task("dead letters", total=depth.visible)
        letter_filter = RedriveFilter(is_selected, time.time(), lambda count: progress.advance(task, count))
        if dry_run:
            return preview_redrive(scan, letter_filter)
        return redrive_letters(scan, SqsQueue(aws, urls.queue or ""), letter_filter)


@contextmanager
def _stop_on_interrupt() -> Iterator[Event]:
    """Yield an event that the first Ctrl-C sets; the second one interrupts at once."""
    stop = Event()

    def set_stop(_signal: int, _frame: FrameType | None) -> None:
        stop.set()
        # A call may hang, which the next Ctrl-C must end.
        signal.signal(signal.SIGINT, previous_handler)

    previous_handler = signal.signal(signal.SIGINT, set_stop)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, previous_handler)


def _show(result: RedriveResult, console: Console, *, dry_run: bool) -> None:
    for (kind, reason), count in result.counts.most_common():
        console.print(f"{count:>7,}  {kind:<8}  {escape(reason)}")
    verb = "would be sent" if dry_run else "sent"
    letters, messages = pluralize(result.letters, "dead letter"), pluralize(result.messages, "message")
    console.print(f"{letters} {verb} as {messages}; {result.skipped:,} skipped")
    if result.arrived_during_scan:
        console.print(f"[yellow]{result.arrived_during_scan:,} arrived since the start: see purgemap status[/]")


def _print_failures(result: RedriveResult, stderr: Console) -> None:
    for failure in result.failures:
        stderr.print(f"[red]failed[/] {failure.id} ({escape(failure.reason)}): {escape(failure.error)}")
    for id_, error in result.not_deleted.items():
        hint = "the next redrive sends it again"
        stderr.print(f"[red]sent, but not deleted from the dead-letter queue[/] {id_}: {escape(error)}; {hint}")
    if result.stopped_reason:
        stderr.print(f"[red]stopped early[/] {escape(result.stopped_reason)}")
