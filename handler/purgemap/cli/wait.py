"""`purgemap wait`: wait until CloudFront has completed the invalidations of named objects."""

from collections.abc import Mapping
from typing import Any

import click
from rich.console import Console
from rich.markup import escape

from purgemap.aws.monitoring import SqsDeadLetterQueue
from purgemap.cli.change_input import (
    allow_unrouted_option,
    change_input_options,
    print_unrouted,
    read_change_input,
    report_incomplete,
)
from purgemap.cli.freshness import print_fresh, read_times, since_option, wait_document, wait_for
from purgemap.cli.queue_options import QUEUE_OPTIONS, connect, find_queue_urls, queue_options
from purgemap.cli.terminal import Terminal, print_json
from purgemap.errors import PurgemapError
from purgemap.operations import WaitResult, WaitTimes, list_needs
from purgemap.routing import Router
from purgemap.text import pluralize


@click.command(short_help="Wait until viewers get the new objects.")
@change_input_options
@click.option(
    "--timeout",
    metavar="SECONDS",
    type=click.IntRange(min=1),
    default=int(WaitTimes().timeout),
    show_default=True,
    help="How long to wait.",
)
@since_option
@allow_unrouted_option
@queue_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead.")
@click.pass_obj
def wait(
    times: WaitTimes | None,
    /,
    *,
    timeout: int,
    since: float | None,
    allow_unrouted: bool,
    as_json: bool,
    **options: Any,
) -> int:
    """Wait until CloudFront has invalidated everything that a deploy changed; sends nothing.

    Accepts the input of `purgemap plan`, except the output of a --dryrun. For every item of the objects, an
    invalidation must have been created after the object's last change, and be completed. Exits with 1 if something is
    missing at the timeout, if no route matches a change, or if `aws s3` ended early.
    """
    queues = {name: options.pop(name) for name in QUEUE_OPTIONS}
    changes = read_change_input(**options, accepts_dry_run=False)
    stderr = Terminal(stderr=True)
    print_unrouted(changes, stderr, prefix="" if changes.routed else "nothing to wait for: ")
    result = WaitResult({}, {}, {}, 0)
    if changes.routed:
        change_times = read_times(changes, since, stderr)
        needs = list_needs(change_times.counts_from, Router(changes.route_map))
        wait_times = (times or WaitTimes())._replace(timeout=timeout)
        result = wait_for(needs, changes, wait_times, stderr, change_times.at_start)
    if as_json:
        print_json(wait_document(result))
    elif result.fresh:
        print_fresh(result, Terminal())
    if result.missing:
        _print_messages(queues, stderr)
    is_incomplete = report_incomplete(changes, stderr, allow_unrouted=allow_unrouted)
    return 1 if result.missing or is_incomplete else 0


def _print_messages(options: Mapping[str, Any], stderr: Console) -> None:
    """Print how many messages the service's queues hold: the missing changes may be among them."""
    try:
        urls = find_queue_urls(options)
        aws = connect(urls)
        for name, url in zip(("the queue", "the dead-letter queue"), urls, strict=True):
            if url:
                messages = pluralize(SqsDeadLetterQueue(aws, url).depth().total, "message")
                stderr.print(f"{name} has {messages}: see purgemap status")
    except PurgemapError as error:
        stderr.print(f"[yellow]the queues can't be read[/]: {escape(str(error))}")
