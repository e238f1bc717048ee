"""`purgemap invalidate`: send what `purgemap plan` shows, and wait until CloudFront has accepted it."""

import time
from functools import partial
from typing import Any

import click
from rich.console import Console
from rich.markup import escape

from purgemap.aws import Aws, AwsCloudFront, is_credentials_error
from purgemap.cli.change_input import (
    ChangeInput,
    allow_unrouted_option,
    change_input_options,
    print_unrouted,
    read_change_input,
    report_incomplete,
)
from purgemap.cli.freshness import print_fresh, read_times, wait_document, wait_for
from purgemap.cli.plan import plan_document
from purgemap.cli.terminal import Terminal, print_json
from purgemap.delivery import Accepted, CloudFront, Deferred, FailureKind, InvalidationError, Outcome, Rejected
from purgemap.operations import (
    ChangeTimes,
    PlannedInvalidation,
    RetryTimes,
    WaitResult,
    WaitTimes,
    invalidate_jobs,
    list_needs,
    pause_before_sending,
)
from purgemap.routemap import Distribution
from purgemap.routing import Router
from purgemap.text import pluralize


class _FailFastCloudFront:
    """CloudFront for a person who waits: errors of permissions and credentials end a distribution's attempts."""

    def __init__(self, cloudfront: CloudFront) -> None:
        self._cloudfront = cloudfront

    def create_invalidation(self, distribution: Distribution, items: tuple[str, ...], caller_reference: str) -> str:
        """Create an invalidation and return its id; raises InvalidationError."""
        try:
            return self._cloudfront.create_invalidation(distribution, items, caller_reference)
        except InvalidationError as error:
            # The function retries these: after a deployment its new permissions take effect late. A person's do not.
            is_credentials = error.kind is FailureKind.SERVER_ERROR and is_credentials_error(error.__cause__)
            if is_credentials or error.kind is FailureKind.ACCESS_DENIED:
                # This kind is rejected, not retried.
                raise InvalidationError(FailureKind.NOT_FOUND, str(error)) from error
            raise


@click.command(short_help="Invalidate what a deploy changed.")
@change_input_options
@click.option(
    "--timeout",
    metavar="SECONDS",
    type=click.IntRange(min=1),
    default=RetryTimes().timeout,
    show_default=True,
    help="How long to try until CloudFront accepts and, with --wait, completes.",
)
@click.option("--wait", "waits", is_flag=True, help="Wait until viewers get the new objects, as `purgemap wait` does.")
@allow_unrouted_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document of the accepted requests.")
@click.pass_obj
def invalidate(
    times: RetryTimes | None, /, *, timeout: int, waits: bool, allow_unrouted: bool, as_json: bool, **options: Any
) -> int:
    """Invalidate what a deploy changed, now, and wait until CloudFront has accepted all of it.

    Accepts the input of `purgemap plan`, except the output of a --dryrun. Exits with 1 if a distribution has not
    accepted, if no route matches a change, or if `aws s3` ended early.
    """
    times = (times or RetryTimes())._replace(timeout=timeout)
    changes = read_change_input(**options, accepts_dry_run=False)
    stderr, has_jobs = Terminal(stderr=True), bool(changes.batch_jobs.pending)
    print_unrouted(changes, stderr, prefix="" if has_jobs else "nothing to invalidate: ")
    start = time.monotonic()
    change_times = _read_times(changes, times, stderr) if has_jobs and waits else None
    outcomes = _send(changes, times, stderr) if has_jobs else []
    remaining = times._replace(timeout=max(0, start + timeout - time.monotonic()))
    result = _wait(changes, change_times, outcomes, remaining, stderr) if change_times else WaitResult({}, {}, {}, 0)
    if as_json:
        document = plan_document(changes, _accepted_invalidations(outcomes, changes))
        print_json({**document, "wait": wait_document(result)} if waits else document)
    elif result.fresh:
        print_fresh(result, Terminal())
    is_incomplete = report_incomplete(changes, stderr, allow_unrouted=allow_unrouted)
    # In each case stale objects may remain, so a pipeline must not go on.
    is_rejected = any(isinstance(outcome, Rejected) for outcome in outcomes)
    return 1 if is_rejected or is_incomplete or result.missing else 0


def _read_times(changes: ChangeInput, times: RetryTimes, stderr: Console) -> ChangeTimes:
    """Read when the objects changed, and let the second of the last change pass."""
    change_times = read_times(changes, None, stderr)
    pause_before_sending(change_times, times.sleep)
    return change_times


def _wait(
    changes: ChangeInput,
    change_times: ChangeTimes,
    outcomes: list[Accepted | Rejected],
    times: RetryTimes,
    stderr: Console,
) -> WaitResult:
    # What CloudFront has rejected is printed already, and would be waited for in vain.
    rejected = {outcome.job.distribution for outcome in outcomes if isinstance(outcome, Rejected)}
    needs = list_needs(change_times.counts_from, Router(changes.route_map))
    awaited = [need for need in needs if need.distribution.id not in rejected]
    return wait_for(awaited, changes, WaitTimes(times.timeout, times.poll, times.sleep), stderr)


def _send(changes: ChangeInput, times: RetryTimes, stderr: Console) -> list[Accepted | Rejected]:
    aws = Aws()
    aws.check()
    cloudfront = _FailFastCloudFront(AwsCloudFront(aws))
    on_outcome = partial(_print_outcome, stderr)
    return invalidate_jobs(changes.batch_jobs.pending, cloudfront, changes.listings or {}, times, on_outcome)


def _print_outcome(console: Console, outcome: Outcome) -> None:
    distribution = escape(outcome.job.distribution)
    if isinstance(outcome, Accepted):
        console.print(f"[green]accepted[/] {distribution} {pluralize(len(outcome.items), 'item')} as {outcome.id}")
    elif isinstance(outcome, Deferred):
        console.print(f"[yellow]deferred[/] {distribution}: {escape(outcome.reason)}")
    else:
        console.print(f"[red]not accepted[/] {distribution}: {escape(outcome.reason)}")


def _accepted_invalidations(outcomes: list[Accepted | Rejected], changes: ChangeInput) -> list[PlannedInvalidation]:
    distributions = {pending.job.distribution: pending.distribution for pending in changes.batch_jobs.pending}
    return [
        PlannedInvalidation(distributions[outcome.job.distribution], outcome.items, outcome.job.changes, None)
        for outcome in outcomes
        if isinstance(outcome, Accepted)
    ]
