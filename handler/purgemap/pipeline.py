"""The whole service, one call per stage.

payload → changes and returned jobs → targets → items → jobs → those that are due, others are deferred → plans →
outcomes → what is kept in queues → the answer
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from itertools import chain
from operator import attrgetter
from typing import Any, NamedTuple

from purgemap.delivery import (
    BudgetNotes,
    CloudFront,
    DailyBudgets,
    Deferred,
    EnqueueFailure,
    Outcome,
    PendingJob,
    Queue,
    RateLimit,
    Rejected,
    WildcardLimits,
    defer_excess,
    deliver,
    enqueue_outcomes,
)
from purgemap.errors import PurgemapError
from purgemap.events import Batch, ObjectChange, QueuedJob, parse_payload
from purgemap.jobs import Job, merge_items, merge_jobs
from purgemap.paths import items_for_target
from purgemap.routemap import RouteMap
from purgemap.routing import RoutedChanges, Router, Target

_SOURCE, _TIME, _DISTRIBUTION = attrgetter("source"), attrgetter("time"), attrgetter("job.distribution")


class PartialDeliveryError(PurgemapError):
    """Some of an event that came without a queue failed: raising is how Lambda is told to try it again."""


class Service(NamedTuple):
    """What the pipeline works with: the map, the edges, and what is counted while a function lives."""

    routes: RouteMap
    router: Router
    cloudfront: CloudFront
    queue: Queue | None
    dead_letters: Queue | None
    budgets: DailyBudgets | None = None


class BatchJobs(NamedTuple):
    """What changes want: an order per distribution, by which routes; what nobody takes; what to tell a person."""

    orders: list[PendingJob]
    routes: list[str]
    unrouted: list[ObjectChange]
    warnings: list[str]


class BatchResult(NamedTuple):
    """What became of a payload."""

    batch: Batch
    wanted: BatchJobs
    outcomes: list[Outcome]
    enqueue_failures: list[EnqueueFailure]
    notes: BudgetNotes = BudgetNotes()


def process_batch(
    payload: Any, service: Service, rate_limit: RateLimit, limits: WildcardLimits | None = None
) -> BatchResult:
    """Send every distribution that a payload concerns its invalidations; `limits` are those of earlier payloads."""
    limits = limits or WildcardLimits()
    batch = parse_payload(payload)
    wanted = build_jobs(batch.changes, service.router, rate_limit.now())
    orders, lost = _merge_jobs(wanted, batch.jobs, service.routes)
    due, deferred = _defer_excess(
        [limits.limit(order, rate_limit.now()) for order in orders], service.queue, rate_limit
    )
    outcomes = [*deliver(due, service.cloudfront, rate_limit, budgets=service.budgets), *lost]
    limits.record(due, outcomes, rate_limit.now())
    enqueue_failures = enqueue_outcomes(outcomes, service.queue, service.dead_letters)
    notes = service.budgets.take_notes() if service.budgets else BudgetNotes()
    return BatchResult(batch, wanted, [*deferred, *outcomes], enqueue_failures, notes)


def _defer_excess(
    orders: Iterable[PendingJob], queue: Queue | None, rate_limit: RateLimit
) -> tuple[list[PendingJob], list[Deferred]]:
    """Defer orders that had better go with others, as far as the queue keeps them: the rest is due now."""
    deferred = defer_excess(orders, rate_limit) if queue else []
    enqueue_failures = {each.distribution for each in enqueue_outcomes(deferred, queue, None)}
    kept = {each.job.distribution: each for each in deferred if each.job.distribution not in enqueue_failures}
    return [order for order in orders if order.job.distribution not in kept], list(kept.values())


def _merge_jobs(
    wanted: BatchJobs, returned: Iterable[QueuedJob], routes: RouteMap
) -> tuple[list[PendingJob], list[Rejected]]:
    """Merge what changes want with the jobs that come back: one order per distribution that the map still has.

    Jobs that were held for the daily budget are an order of their own: all that they are for is older than their slot.
    """
    distributions = {order.job.distribution: order.distribution for order in wanted.orders}
    jobs_by_order = {(order.job.distribution, False): [order.job] for order in wanted.orders}
    for _, job in returned:
        jobs_by_order.setdefault((job.distribution, job.held_until > 0), []).append(job)
        if job.distribution not in distributions and job.distribution in routes.distributions_by_id:
            distributions[job.distribution] = routes.distributions_by_id[job.distribution]
    deferred = {job.distribution for _, job in returned}
    orders = [
        PendingJob(merge_jobs(jobs), distributions[name], name in deferred)
        for (name, _), jobs in jobs_by_order.items()
        if name in distributions
    ]
    gone = (merge_jobs(jobs) for (name, _), jobs in jobs_by_order.items() if name not in distributions)
    return orders, [Rejected(job, "the map has no such distribution any more") for job in gone]


def lambda_response(report: BatchResult) -> dict[str, Any] | None:
    """Say what Lambda has to hand over again: the records that failed, or by raising the whole event.

    Raises NotAllDeliveredError where there is no queue that takes single records back.
    """
    enqueue_failures = {each.distribution for each in report.enqueue_failures}
    failed = {
        source for job, *_ in report.wanted.orders if job.distribution in enqueue_failures for source in job.sources
    }
    failed.update(returned.source for returned in report.batch.jobs if returned.job.distribution in enqueue_failures)
    failed.update(record.source for record in report.batch.malformed)
    if report.batch.from_queue:
        return {"batchItemFailures": [{"itemIdentifier": source} for source in sorted(failed)]}
    reasons = [f"{each.distribution}: {each.reason}" for each in report.enqueue_failures]
    reasons += [record.reason for record in report.batch.malformed]
    if reasons:
        # Lambda prints it as it is: a line within it could pass for a line of the log.
        raise PartialDeliveryError(" ".join("; ".join(reasons).split()))
    return None


def build_jobs(changes: Iterable[ObjectChange], router: Router, now: float) -> BatchJobs:
    """Route changes and spell their paths: one order per distribution. Pure; `now` stands in for a missing time."""
    routed = router.route(changes)
    warnings = [f"route {skip.route}: {skip.reason}" for skip in dict.fromkeys(routed.unknown_names)]
    targets_by_distribution: dict[str, list[Target]] = defaultdict(list)
    for target in routed.keys_by_target:
        targets_by_distribution[target.distribution.id].append(target)
    orders = []
    for targets in targets_by_distribution.values():
        asked = [items_for_target(target, routed.keys_by_target[target]) for target in targets]
        for each in asked:
            warnings += each.warnings
        job = _job(targets, merge_items([each.items for each in asked]), routed, now)
        orders.append(PendingJob(job, targets[0].distribution))
    orders.sort(key=_DISTRIBUTION)
    routes = sorted({target.route for target in routed.keys_by_target})
    return BatchJobs(orders, routes, routed.unrouted, warnings)


def _job(targets: list[Target], scopes: Mapping[str, str | None], routed: RoutedChanges, now: float) -> Job:
    behind = _source_changes(targets, routed)
    sources = set(map(_SOURCE, behind))
    if "" in sources:
        # What nothing identifies is never the same again: it is rather told twice than taken for an earlier change.
        sources = {source or f"at {now}" for source in sources}
    return Job(
        distribution=targets[0].distribution.id,
        scopes=scopes,
        sources=tuple(sorted(sources)),
        oldest_event_time=_seconds(min(filter(None, map(_TIME, behind)), default=""), now),
        changes=_count_objects(targets, routed),
    )


def _count_objects(targets: list[Target], routed: RoutedChanges) -> int:
    if len(targets) == 1:
        return len(set(routed.keys_by_target[targets[0]]))
    return len({(target.bucket, key) for target in targets for key in routed.keys_by_target[target]})


def _source_changes(targets: list[Target], routed: RoutedChanges) -> list[ObjectChange]:
    behind: list[ObjectChange] = []
    for target in targets:
        keys = routed.keys_by_target[target]
        for event, (first, further) in routed.changes[target.bucket].items():
            if event in target.settings.events:
                behind += filter(None, map(first.get, keys))
                if further:
                    behind += chain.from_iterable(further.get(key, ()) for key in keys)
    return behind


def _seconds(time: str, now: float) -> float:
    """Read an event's ISO 8601 time as seconds since the epoch; `now` where it is missing, no time or yet to come.

    A job never gives up before its time has come.
    """
    seconds = _timestamp(time)
    return now if seconds is None else min(seconds, now)


@lru_cache(maxsize=1024)
def _timestamp(time: str) -> float | None:
    try:
        return datetime.fromisoformat(time).timestamp()
    except ValueError:
        return None
