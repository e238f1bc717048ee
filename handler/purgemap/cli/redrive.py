"""`purgemap redrive`: sends dead letters again, once what made them so is repaired."""

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
    aws_of,
    distribution_option,
    find_distributions,
    queue_options,
    resolve_queue_urls,
    unnamed,
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


@click.command(short_help="Dead letters again, after the repair.")
@distribution_option
@click.option("--dry-run", is_flag=True, help="Show what would be sent, and leave everything where it is.")
@queue_options
@routes_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead.")
def redrive(  # noqa: PLR0913  the command's options
    *,
    distributions: tuple[str, ...],
    dry_run: bool,
    queue_url: str | None,
    dead_letter_queue_url: str | None,
    routes: tuple[str, ...],
    as_json: bool,
) -> int:
    """Send dead letters again: all of them, or those that concern a distribution.

    A letter is deleted once the queue has taken what goes in its place. An event goes again for every distribution
    that it concerns, not only for those that are named. Letters that can't be read go as they are, for the function
    to judge, but not when distributions are named: then they stay. Ctrl-C ends the run after the letters at hand.

    Exits with 1 if a letter that was to go is still there, and names it.
    """
    urls = _checked(resolve_queue_urls(queue_url, dead_letter_queue_url))
    is_wanted = _filter(distributions, routes)
    stderr = Terminal(stderr=True)
    with _stoppable() as stop:
        redriven = _run(urls, is_wanted, stop, stderr, dry_run=dry_run)
    if as_json:
        print_json(document(redriven, dry_run=dry_run))
    else:
        _show(redriven, Terminal(), dry_run=dry_run)
    _complain(redriven, stderr)
    if stop.is_set():
        return INTERRUPTED
    return 1 if redriven.failures or redriven.undeleted or redriven.trouble else 0


def document(redriven: RedriveResult, *, dry_run: bool) -> dict[str, Any]:
    """Return the JSON document of `purgemap redrive --json`."""
    return {
        "dry_run": dry_run,
        "redriven": redriven.letters,
        "messages": redriven.messages,
        "left": redriven.left,
        "newer": redriven.newer,
        "reasons": [
            {"kind": kind, "reason": reason, "letters": count}
            for (kind, reason), count in redriven.counts.most_common()
        ],
        "failed": [failure._asdict() for failure in redriven.failures],
        "undeleted": [{"id": id_, "error": error} for id_, error in redriven.undeleted.items()],
        "stopped": redriven.trouble,
    }


def _checked(urls: QueueUrls) -> QueueUrls:
    if None in urls:
        raise PurgemapError("; ".join(unnamed(urls)))
    if urls.queue == urls.dead_letters:
        raise PurgemapError(f"{urls.queue} is given as the queue and as its dead-letter queue")
    return urls


def _filter(texts: Sequence[str], paths: MapPaths) -> Callable[[DeadLetter], bool]:
    """Say which letters are meant; the map is read only if distributions are named."""
    if not texts:
        return lambda _dead_letter: True
    routes = read_map(paths, load_map)
    router, wanted = Router(routes), {each.id for each in find_distributions(texts, routes)}
    return lambda dead_letter: not wanted.isdisjoint(affected_distributions(dead_letter, router))


def _run(
    urls: QueueUrls, is_wanted: Callable[[DeadLetter], bool], stop: Event, stderr: Console, *, dry_run: bool
) -> RedriveResult:
    aws = aws_of(urls)
    inbox = SqsDeadLetterQueue(aws, urls.dead_letters or "")
    depth = inbox.depth()
    # AWS's clock tells whole seconds; what came in the one of the start counts as there before.
    sweep = DeadLetterScan(inbox, depth.time + 1, stop.is_set)
    with Progress(console=stderr, transient=True, disable=not stderr.is_terminal) as progress:
        task = progress.add_task("dead letters", total=depth.visible)
        selection = RedriveFilter(is_wanted, time.time(), lambda letters: progress.advance(task, letters))
        return (
            preview_redrive(sweep, selection)
            if dry_run
            else redrive_letters(sweep, SqsQueue(aws, urls.queue or ""), selection)
        )


@contextmanager
def _stoppable() -> Iterator[Event]:
    """Turn the first Ctrl-C into a wish that is looked at between batches; the second one interrupts at once."""
    stop = Event()

    def note(_signal: int, _frame: FrameType | None) -> None:
        stop.set()
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


def _show(redriven: RedriveResult, console: Console, *, dry_run: bool) -> None:
    for (kind, reason), count in redriven.counts.most_common():
        console.print(f"{count:>7,}  {kind:<8}  {escape(reason)}")
    verb = "would go" if dry_run else "went"
    letters, messages = pluralize(redriven.letters, "dead letter"), pluralize(redriven.messages, "message")
    console.print(f"{letters} {verb} to the queue as {messages}, {redriven.left:,} left alone")
    if redriven.newer:
        console.print(f"[yellow]{redriven.newer:,} came since the start: see purgemap status[/]")


def _complain(redriven: RedriveResult, stderr: Console) -> None:
    for failure in redriven.failures:
        stderr.print(f"[red]failed[/] {failure.id} ({escape(failure.reason)}): {escape(failure.error)}")
    for id_, error in redriven.undeleted.items():
        stderr.print(f"[red]went, but is still there[/] {id_}: {escape(error)}; it would go a second time")
    if redriven.trouble:
        stderr.print(f"[red]stopped early[/] {escape(redriven.trouble)}")
