"""Jobs of two distributions, and sending them as the pipeline does, without the queue."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from purgemap.delivery import CloudFront, DailyBudgets, Outcome, RateLimit, group_by_account, send_jobs
from purgemap.jobs import Job, PendingJob
from purgemap.planning import Listing, Request, plan_job
from purgemap.routemap import Distribution
from support.ids import E1, E2, NOW

SITE, OTHER_SITE = Distribution(E1), Distribution(E2)


def build_job(*items: str, distribution: str = E1, oldest: float = NOW, scope: str | None = "/") -> Job:
    return Job(distribution, dict.fromkeys(items or ("/a",), scope), ("m-1",), oldest, changes=1)


def build_pending(count: int) -> list[PendingJob]:
    """Build a job for each of `count` distributions."""
    ids = [f"E{number:013}" for number in range(count)]
    return [PendingJob(build_job(distribution=id_), Distribution(id_)) for id_ in ids]


def build_rate_limit(seconds_left: Callable[[], float] = lambda: 60.0, now: float = NOW) -> RateLimit:
    """Build a rate limit whose clock does not move."""
    return RateLimit(now=lambda: now, seconds_left=seconds_left, sleep=lambda _: None)


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
    return plan_job(job, max_paths, max_wildcards, listing_of=lambda job: listings.get(job.distribution))
