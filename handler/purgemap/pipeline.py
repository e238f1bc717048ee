"""The service: one call per stage, from a Lambda payload to the records that must be retried. Read this first.

Each stage is a room. `events` parses the payload, `routing` finds the targets of each change, and `paths` builds the
jobs. `planning` makes the requests of a job. `delivery` sends them, and queues what CloudFront did not accept. If the
map has `skip_unchanged`, `ledger` removes unchanged uploads before the jobs, and records what was accepted.
"""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from purgemap.delivery import (
    BudgetNotes,
    CloudFront,
    DailyBudgets,
    EnqueueFailure,
    Outcome,
    PlanJob,
    Queue,
    RateLimit,
    Rejected,
    WildcardLimits,
    defer_excess,
    enqueue_outcomes,
    group_by_account,
    send_jobs,
)
from purgemap.errors import PurgemapError
from purgemap.events import Batch, QueuedJob, parse_payload
from purgemap.jobs import PendingJob, merge_jobs
from purgemap.paths import BatchJobs, build_jobs
from purgemap.planning import FolderCountsFile, plan_job
from purgemap.routemap import RouteMap
from purgemap.routing import Router

if TYPE_CHECKING:
    # Only a map with skip_unchanged needs the room, and every import delays the function's start.
    from purgemap.ledger import Ledger, LedgerResult


class PartialDeliveryError(PurgemapError):
    """A directly invoked event that failed in part. Raised so that Lambda retries the event."""


class Service(NamedTuple):
    """The map, the AWS edges, and the state that a warm function keeps from one batch to the next."""

    route_map: RouteMap
    router: Router
    cloudfront: CloudFront
    queue: Queue | None
    dead_letters: Queue | None
    budgets: DailyBudgets | None = None
    wildcard_limits: WildcardLimits | None = None
    folder_counts: FolderCountsFile | None = None
    ledger: "Ledger | None" = None


class BatchResult(NamedTuple):
    """The contents of a payload, the jobs that it led to, and their outcomes; `ledger` is None without a ledger."""

    batch: Batch
    jobs: BatchJobs
    outcomes: list[Outcome]
    enqueue_failures: list[EnqueueFailure]
    notes: BudgetNotes = BudgetNotes()
    ledger: "LedgerResult | None" = None


def process_batch(payload: Any, service: Service, rate_limit: RateLimit) -> BatchResult:
    """Invalidate what a payload changed: parse, route, build jobs, defer, plan and send, queue the rest."""
    batch = parse_payload(payload)
    routed = service.router.route(batch.changes)
    check = service.ledger.check(payload, routed, rate_limit) if service.ledger else None
    if check:
        routed = check.routed
    jobs = build_jobs(routed, rate_limit.now())
    merged_jobs, rejected = _merge_queued(jobs.pending, batch.jobs, service.route_map)
    if check and check.result.failed_marks:
        merged_jobs = check.renew_references(merged_jobs)
    pending = service.wildcard_limits.apply(merged_jobs, rate_limit.now()) if service.wildcard_limits else merged_jobs
    accounts = group_by_account(pending)
    accounts, deferred = defer_excess(accounts, service.queue, rate_limit)
    plan = _build_planner(service, rate_limit)
    sent = [*send_jobs(accounts, service.cloudfront, plan, rate_limit, service.budgets), *rejected]
    if service.wildcard_limits:
        service.wildcard_limits.record(pending, sent, rate_limit.now())
    enqueue_failures = enqueue_outcomes(sent, service.queue, service.dead_letters)
    notes = service.budgets.take_notes() if service.budgets else BudgetNotes()
    result = BatchResult(batch, jobs, [*deferred, *sent], enqueue_failures, notes)
    if service.ledger and check:
        return result._replace(ledger=service.ledger.record(check, result.outcomes, rate_limit))
    return result


def _build_planner(service: Service, rate_limit: RateLimit) -> PlanJob:
    """Return the planner of a batch, with the service's folder counts and listings."""
    counts_of = service.folder_counts.counts_of if service.folder_counts else None
    if service.ledger:
        listings = service.ledger.open_listings(service.router, rate_limit, counts_of)
        return partial(plan_job, counts_of=counts_of, listing_of=listings.listing_of)
    return partial(plan_job, counts_of=counts_of) if counts_of else plan_job


def _merge_queued(
    pending: list[PendingJob], queued: Sequence[QueuedJob], route_map: RouteMap
) -> tuple[list[PendingJob], list[Rejected]]:
    """Merge new jobs with those from the queue: one job per distribution.

    Jobs that were held for the daily budget stay apart: all their changes are older than their slot. Jobs of
    distributions that the map no longer has are rejected.
    """
    if not queued:
        return pending, []
    distributions = {job.distribution: distribution for job, distribution, *_ in pending}
    changing = set(distributions)
    jobs_by_key = {(job.distribution, False): [job] for job, *_ in pending}
    for _, job in queued:
        jobs_by_key.setdefault((job.distribution, job.held_until > 0), []).append(job)
        if job.distribution in route_map.distributions_by_id:
            distributions.setdefault(job.distribution, route_map.distributions_by_id[job.distribution])
    retried = {job.distribution for _, job in queued}
    merged_jobs, rejected = [], []
    for (id_, _), jobs in jobs_by_key.items():
        if id_ in distributions:
            merged_jobs.append(PendingJob(merge_jobs(jobs), distributions[id_], id_ in retried, id_ in changing))
        else:
            rejected.append(Rejected(merge_jobs(jobs), "the map no longer has this distribution"))
    return merged_jobs, rejected


def lambda_response(result: BatchResult) -> dict[str, Any] | None:
    """Return the Lambda response: the records to retry (`batchItemFailures`), or None for an event without a queue.

    Raises PartialDeliveryError if such an event failed in part: Lambda cannot retry single records of it.
    """
    batch, failed_ids = result.batch, {failure.distribution for failure in result.enqueue_failures}
    failed_marks = result.ledger.failed_marks if result.ledger else ()
    if batch.from_queue:
        sources = {
            source for job, *_ in result.jobs.pending if job.distribution in failed_ids for source in job.sources
        }
        sources.update(source for source, job in batch.jobs if job.distribution in failed_ids)
        sources.update(record.source for record in batch.malformed)
        # Their invalidations were sent. A retry marks them, lest an old record lets the next upload be skipped.
        sources.update(source for mark in failed_marks for source in mark.sources)
        return {"batchItemFailures": [{"itemIdentifier": source} for source in sorted(sources)]}
    reasons = [f"{failure.distribution}: {failure.reason}" for failure in result.enqueue_failures]
    reasons += [record.reason for record in batch.malformed]
    reasons += [f"{'/'.join(mark.object_id)}: the ledger's table could not be written" for mark in failed_marks]
    if reasons:
        # Lambda prints the message as it is: a line break in it could fake a line of the log.
        raise PartialDeliveryError(" ".join("; ".join(reasons).split()))
    return None
