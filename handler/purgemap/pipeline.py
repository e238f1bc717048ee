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
    CloudFront,
    DailyBudgets,
    Deferred,
    Notes,
    Order,
    Outcome,
    Pace,
    Rejected,
    WildcardLimits,
    defer_new,
    deliver,
)
from purgemap.errors import PurgemapError
from purgemap.events import Batch, ObjectChange, ReturnedJob, parse_payload
from purgemap.jobs import Job, merge, merged_scopes
from purgemap.keeping import Queue, Unkept, keep
from purgemap.paths import items_of
from purgemap.routes.table import Routes
from purgemap.routing import Router
from purgemap.targets import Routed, Target

_SOURCE, _TIME, _DISTRIBUTION = attrgetter("source"), attrgetter("time"), attrgetter("job.distribution")


class NotAllDeliveredError(PurgemapError):
    """Some of an event that came without a queue failed: raising is how Lambda is told to try it again."""


class Service(NamedTuple):
    """What the pipeline works with: the map, the edges, and what is counted while a function lives."""

    routes: Routes
    router: Router
    cloudfront: CloudFront
    queue: Queue | None
    dead_letters: Queue | None
    budgets: DailyBudgets | None = None


class Wanted(NamedTuple):
    """What changes want: an order per distribution, by which routes; what nobody takes; what to tell a person."""

    orders: list[Order]
    routes: list[str]
    unrouted: list[ObjectChange]
    warnings: list[str]


class Report(NamedTuple):
    """What became of a payload."""

    batch: Batch
    wanted: Wanted
    outcomes: list[Outcome]
    unkept: list[Unkept]
    notes: Notes = Notes()


def process(payload: Any, service: Service, pace: Pace, limits: WildcardLimits | None = None) -> Report:
    """Send every distribution that a payload concerns its invalidations; `limits` are those of earlier payloads."""
    limits = limits or WildcardLimits()
    batch = parse_payload(payload)
    wanted = want(batch.changes, service.router, pace.now())
    orders, lost = _orders(wanted, batch.jobs, service.routes)
    due, deferred = _part([limits.limit(order, pace.now()) for order in orders], service.queue, pace)
    outcomes = [*deliver(due, service.cloudfront, pace, budgets=service.budgets), *lost]
    limits.record(due, outcomes, pace.now())
    unkept = keep(outcomes, service.queue, service.dead_letters)
    notes = service.budgets.take_notes() if service.budgets else Notes()
    return Report(batch, wanted, [*deferred, *outcomes], unkept, notes)


def _part(orders: Iterable[Order], queue: Queue | None, pace: Pace) -> tuple[list[Order], list[Deferred]]:
    """Defer orders that had better go with others, as far as the queue keeps them: the rest is due now."""
    deferred = defer_new(orders, pace) if queue else []
    unkept = {each.distribution for each in keep(deferred, queue, None)}
    kept = {each.job.distribution: each for each in deferred if each.job.distribution not in unkept}
    return [order for order in orders if order.job.distribution not in kept], list(kept.values())


def _orders(wanted: Wanted, returned: Iterable[ReturnedJob], routes: Routes) -> tuple[list[Order], list[Rejected]]:
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
        Order(merge(jobs), distributions[name], name in deferred)
        for (name, _), jobs in jobs_by_order.items()
        if name in distributions
    ]
    gone = (merge(jobs) for (name, _), jobs in jobs_by_order.items() if name not in distributions)
    return orders, [Rejected(job, "the map has no such distribution any more") for job in gone]


def answer(report: Report) -> dict[str, Any] | None:
    """Say what Lambda has to hand over again: the records that failed, or by raising the whole event.

    Raises NotAllDeliveredError where there is no queue that takes single records back.
    """
    unkept = {each.distribution for each in report.unkept}
    failed = {source for job, *_ in report.wanted.orders if job.distribution in unkept for source in job.sources}
    failed.update(returned.source for returned in report.batch.jobs if returned.job.distribution in unkept)
    failed.update(record.source for record in report.batch.malformed)
    if report.batch.from_queue:
        return {"batchItemFailures": [{"itemIdentifier": source} for source in sorted(failed)]}
    reasons = [f"{each.distribution}: {each.reason}" for each in report.unkept]
    reasons += [record.reason for record in report.batch.malformed]
    if reasons:
        # Lambda prints it as it is: a line within it could pass for a line of the log.
        raise NotAllDeliveredError(" ".join("; ".join(reasons).split()))
    return None


def want(changes: Iterable[ObjectChange], router: Router, now: float) -> Wanted:
    """Route changes and spell their paths: one order per distribution. Pure; `now` stands in for a missing time."""
    routed = router.route(changes)
    warnings = [f"route {skip.route}: {skip.reason}" for skip in dict.fromkeys(routed.unknown_names)]
    targets_by_distribution: dict[str, list[Target]] = defaultdict(list)
    for target in routed.keys_by_target:
        targets_by_distribution[target.distribution.id].append(target)
    orders = []
    for targets in targets_by_distribution.values():
        asked = [items_of(target, routed.keys_by_target[target]) for target in targets]
        for each in asked:
            warnings += each.warnings
        job = _job(targets, merged_scopes([each.items for each in asked]), routed, now)
        orders.append(Order(job, targets[0].distribution))
    orders.sort(key=_DISTRIBUTION)
    routes = sorted({target.route for target in routed.keys_by_target})
    return Wanted(orders, routes, routed.unrouted, warnings)


def _job(targets: list[Target], scopes: Mapping[str, str | None], routed: Routed, now: float) -> Job:
    behind = _changes_behind(targets, routed)
    sources = set(map(_SOURCE, behind))
    if "" in sources:
        # What nothing identifies is never the same again: it is rather told twice than taken for an earlier change.
        sources = {source or f"at {now}" for source in sources}
    return Job(
        distribution=targets[0].distribution.id,
        scopes=scopes,
        sources=tuple(sorted(sources)),
        oldest=_seconds(min(filter(None, map(_TIME, behind)), default=""), now),
        changes=_count_objects(targets, routed),
    )


def _count_objects(targets: list[Target], routed: Routed) -> int:
    if len(targets) == 1:
        return len(set(routed.keys_by_target[targets[0]]))
    return len({(target.bucket, key) for target in targets for key in routed.keys_by_target[target]})


def _changes_behind(targets: list[Target], routed: Routed) -> list[ObjectChange]:
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
