"""Send pending jobs as the pipeline does, without the queue."""

from collections.abc import Mapping, Sequence
from functools import partial

from purgemap.delivery import CloudFront, DailyBudgets, Outcome, RateLimit, group_by_account, send_jobs
from purgemap.jobs import Job, PendingJob
from purgemap.planning import Listing, Request, plan_job


def deliver(
    pending: Sequence[PendingJob],
    cloudfront: CloudFront,
    rate_limit: RateLimit,
    listings: Mapping[str, Listing] | None = None,
    budgets: DailyBudgets | None = None,
) -> list[Outcome]:
    plan = partial(_plan, listings or {})
    return send_jobs(group_by_account(pending), cloudfront, plan, rate_limit, budgets)


def _plan(listings: Mapping[str, Listing], job: Job, max_paths: int, max_wildcards: int) -> list[Request]:
    return plan_job(job, max_paths, max_wildcards, listings.get(job.distribution))
