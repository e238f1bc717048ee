"""`purgemap invalidate`: send what `purgemap plan` shows, and wait until CloudFront has accepted it."""

import time
from functools import partial
from typing import Any, NamedTuple

import click
from rich.console import Console
from rich.markup import escape

from purgemap.aws import Aws, AwsCloudFront, is_credentials_error
from purgemap.aws.monitoring import read_clock
from purgemap.cli.change_input import (
    allow_unrouted_option,
    change_input_options,
    print_unrouted,
    report_incomplete,
)
from purgemap.cli.freshness import print_fresh, wait_document, wait_for
from purgemap.cli.plan import show_plan
from purgemap.cli.site_input import read_sites_or_changes, site_options
from purgemap.cli.terminal import Terminal, confirm, print_json
from purgemap.delivery import Accepted, CloudFront, Deferred, FailureKind, InvalidationError, Outcome, Rejected
from purgemap.operations import (
    ChangeInput,
    PlannedInvalidation,
    RetryTimes,
    WaitResult,
    WaitTimes,
    build_need,
    counts_after,
    invalidate_jobs,
    plan_changes,
    summarize_plan,
)
from purgemap.routemap import Distribution, RouteMap
from purgemap.text import pluralize

# Until the next second, and for clocks of AWS that differ a little.
_SECONDS_UNTIL_IT_COUNTS = 1.5

_NO_WAIT = WaitResult({}, {}, {}, 0)


class _Result(NamedTuple):
    outcomes: list[Accepted | Rejected]
    wait: WaitResult

    @property
    def rejected(self) -> set[str]:
        """The distributions that did not accept all of their items."""
        return {outcome.job.distribution for outcome in self.outcomes if isinstance(outcome, Rejected)}


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
@site_options
@click.option("--yes", is_flag=True, help="With --all: invalidate without asking.")
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

    Accepts the input of `purgemap plan`, except the output of a --dryrun. --all shows what it sends, and asks. Exits
    with 1 if a distribution has not accepted (with --wait: completed), if no route matches a change, or if `aws s3`
    ended early.
    """
    times = (times or RetryTimes())._replace(timeout=timeout)
    deadline = time.monotonic() + timeout
    yes, asks = options.pop("yes"), options["all_sites"]
    if yes and not asks:
        raise click.UsageError("--yes is the answer to the question of --all; give both")
    changes = read_sites_or_changes(**options, accepts_dry_run=False)
    stderr, pending = Terminal(stderr=True), changes.batch_jobs.pending
    if not pending or changes.change_list.changes:
        print_unrouted(changes, stderr, prefix="" if pending else "nothing to invalidate: ")
    if asks and pending and not _confirm(changes, stderr, yes=yes):
        return 1
    result = _invalidate(changes, times, stderr, deadline if waits else None) if pending else _Result([], _NO_WAIT)
    if as_json:
        document = summarize_plan(changes, _accepted_invalidations(result.outcomes, changes)).document()
        print_json({**document, "wait": wait_document(result.wait)} if waits else document)
    elif result.wait.fresh:
        print_fresh(result.wait, Terminal())
    is_incomplete = report_incomplete(changes, stderr, allow_unrouted=allow_unrouted)
    # In each case stale objects may remain, so a pipeline must not go on.
    return 1 if result.rejected or result.wait.missing or is_incomplete else 0


def _confirm(changes: ChangeInput, stderr: Console, *, yes: bool) -> bool:
    """Show what invalidates all sites, and ask."""
    show_plan(changes, plan_changes(changes), stderr)
    return confirm("Invalidate all of this?", yes=yes)


def _invalidate(changes: ChangeInput, times: RetryTimes, stderr: Console, deadline: float | None) -> _Result:
    """Send the jobs; with a deadline, wait until CloudFront has completed what it accepted."""
    aws = Aws()
    aws.check()
    counts_from = _let_second_pass(aws, times) if deadline else 0
    cloudfront = _FailFastCloudFront(AwsCloudFront(aws))
    pending, on_outcome = changes.batch_jobs.pending, partial(_print_outcome, stderr, changes.route_map)
    result = _Result(invalidate_jobs(pending, cloudfront, changes.listings or {}, times, on_outcome), _NO_WAIT)
    if deadline is None:
        return result
    # What CloudFront has rejected is printed already, and would be waited for in vain.
    needs = [build_need(each, counts_from) for each in pending if each.job.distribution not in result.rejected]
    wait_times = WaitTimes(max(0, deadline - time.monotonic()), times.poll, times.sleep)
    return result._replace(wait=wait_for(needs, changes, wait_times, stderr))


def _let_second_pass(aws: Aws, times: RetryTimes) -> float:
    """Return from when on an invalidation counts for all changes before now, and sleep until then."""
    counts_from = counts_after(read_clock(aws))
    times.sleep(_SECONDS_UNTIL_IT_COUNTS)
    return counts_from


def _print_outcome(console: Console, route_map: RouteMap, outcome: Outcome) -> None:
    distribution = escape(route_map.label(outcome.job.distribution))
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
