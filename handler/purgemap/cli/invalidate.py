"""`purgemap invalidate`: sends what `purgemap plan` shows, and waits until CloudFront has accepted it."""

import functools
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import click
from rich.console import Console
from rich.markup import escape

from purgemap.aws import Aws, AwsCloudFront, is_credentials_error
from purgemap.cli.deploy_input import Deploy, deploy_options, print_left_out, read_deploy
from purgemap.cli.plan import document
from purgemap.cli.terminal import Terminal, print_json
from purgemap.delivery import (
    MIN_SECONDS_FOR_CALL,
    Accepted,
    CloudFront,
    Deferred,
    FailureKind,
    InvalidationError,
    Outcome,
    RateLimit,
    Rejected,
    group_by_account,
    send_jobs,
)
from purgemap.jobs import Job, PendingJob
from purgemap.operations import PlannedInvalidation
from purgemap.planning import Request, plan_job
from purgemap.routemap import Distribution
from purgemap.text import pluralize

# A person waits here: a refusal is tried again after seconds, not in the distribution's next slot.
_FIRST_WAIT, _LONGEST_WAIT = 2, 30


class Sent(NamedTuple):
    """What was accepted, and what wasn't."""

    accepted: list[Accepted]
    missing: list[Rejected]


class _InteractiveCloudFront:
    """CloudFront for a person who waits: an error that only a person can fix ends the distribution's attempts."""

    def __init__(self, cloudfront: CloudFront) -> None:
        self._cloudfront = cloudfront

    def create_invalidation(self, distribution: Distribution, items: tuple[str, ...], caller_reference: str) -> str:
        """Ask for an invalidation and return its id; raises RefusedError."""
        try:
            return self._cloudfront.create_invalidation(distribution, items, caller_reference)
        except InvalidationError as error:
            # Unlike after a deployment, a person's permissions do not lag behind.
            if error.kind is FailureKind.ACCESS_DENIED or (
                error.kind is FailureKind.SERVER_ERROR and is_credentials_error(error.__cause__)
            ):
                raise InvalidationError(FailureKind.NOT_FOUND, str(error)) from error
            raise


@click.command(short_help="Send what a deploy invalidates, until it is accepted.")
@deploy_options
@click.option(
    "--timeout",
    metavar="SECONDS",
    type=click.IntRange(min=1),
    default=600,
    show_default=True,
    help="How long to try until CloudFront accepts.",
)
@click.option("--allow-unrouted", is_flag=True, help="Exit with 0 although no route matches some of the changes.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document of what was accepted.")
def invalidate(*, timeout: int, allow_unrouted: bool, as_json: bool, **options: Any) -> int:
    """Invalidate what a deploy changed, now, and wait until CloudFront has accepted all of it.

    Takes what `purgemap plan` takes, but for the output of a --dryrun. Exits with 1 and names the distributions that
    have not accepted, or the buckets of changes that no route matches; with 1, too, if `aws s3` ended early.
    """
    deploy = read_deploy(**options, accepts_dry_run=False)
    progress = Terminal(stderr=True)
    print_left_out(deploy, progress, before="" if deploy.wanted.pending else "nothing to invalidate: ")
    ends = time.monotonic() + timeout
    say = functools.partial(_say, progress)
    sent = send(deploy, _cloudfront(), lambda: ends - time.monotonic(), say) if deploy.wanted.pending else Sent([], [])
    if as_json:
        print_json(document(deploy, _invalidations(sent, deploy)))
    is_unrouted = bool(deploy.unmatched) and not allow_unrouted
    if is_unrouted:
        unmatched = pluralize(len(deploy.unmatched), "change")
        progress.print(f"[red]no route matches {unmatched}[/]: fix the map or the input, or pass --allow-unrouted")
    if deploy.ends_early:
        progress.print(
            "[red]aws s3 ended early[/]: what it was sending may have changed; run it again, and send its log"
        )
    return 1 if sent.missing or is_unrouted or deploy.ends_early else 0


def _cloudfront() -> CloudFront:
    aws = Aws()
    aws.check()
    return _InteractiveCloudFront(AwsCloudFront(aws))


def send(
    deploy: Deploy,
    cloudfront: CloudFront,
    seconds_left: Callable[[], float],
    say: Callable[[Outcome], None],
    sleep: Callable[[float], None] = time.sleep,
) -> Sent:
    """Send a deploy's orders until each is accepted, rejected or out of time; `say` gets each outcome at once."""
    sent = Sent([], [])
    orders, rounds = deploy.wanted.pending, 0
    distributions = {order.job.distribution: order.distribution for order in orders}
    rate_limit = RateLimit(now=time.time, seconds_left=lambda: seconds_left() + MIN_SECONDS_FOR_CALL, sleep=sleep)
    listings = deploy.listings or {}

    def plan(job: Job, max_paths: int, max_wildcards: int) -> list[Request]:
        return plan_job(job, max_paths, max_wildcards, listings.get(job.distribution))

    while orders:
        outcomes = send_jobs(group_by_account(orders), cloudfront, plan, rate_limit)
        wait = min(_FIRST_WAIT << min(rounds, 10), _LONGEST_WAIT)
        if seconds_left() < wait:
            outcomes = [_out_of_time(outcome) for outcome in outcomes]
        for outcome in outcomes:
            say(outcome)
        sent.accepted.extend(outcome for outcome in outcomes if isinstance(outcome, Accepted))
        sent.missing.extend(outcome for outcome in outcomes if isinstance(outcome, Rejected))
        deferred = [outcome for outcome in outcomes if isinstance(outcome, Deferred)]
        orders, rounds = _again(deferred, distributions), rounds + 1
        if orders:
            sleep(wait)
    return sent


def _out_of_time(outcome: Outcome) -> Outcome:
    return Rejected(outcome.job, f"no time left; {outcome.reason}") if isinstance(outcome, Deferred) else outcome


def _again(deferred: Iterable[Deferred], distributions: Mapping[str, Distribution]) -> list[PendingJob]:
    return [PendingJob(outcome.job, distributions[outcome.job.distribution], is_retry=True) for outcome in deferred]


def _say(console: Console, outcome: Outcome) -> None:
    distribution = escape(outcome.job.distribution)
    if isinstance(outcome, Accepted):
        console.print(f"[green]accepted[/] {distribution} {pluralize(len(outcome.items), 'item')} as {outcome.id}")
    elif isinstance(outcome, Deferred):
        console.print(f"[yellow]deferred[/] {distribution}: {escape(outcome.reason)}")
    else:
        console.print(f"[red]not accepted[/] {distribution}: {escape(outcome.reason)}")


def _invalidations(sent: Sent, deploy: Deploy) -> list[PlannedInvalidation]:
    distributions = {order.job.distribution: order.distribution for order in deploy.wanted.pending}
    return [
        PlannedInvalidation(distributions[each.job.distribution], each.items, each.job.changes, None)
        for each in sent.accepted
    ]
