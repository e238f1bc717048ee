"""Plan the requests of a job, smaller after each failure that its size may have caused."""

from purgemap.jobs import Job
from purgemap.planning.budgets import reduced_budget
from purgemap.planning.coverage import is_wildcard
from purgemap.planning.listing import Listing
from purgemap.planning.planner import plan, split_items

Request = tuple[str, ...]
"""The items of one CreateInvalidation call, sorted."""


def plan_job(job: Job, max_paths: int, max_wildcards: int, listing: Listing | None = None) -> list[Request]:
    """Return requests that cover all items of a job, each within the budgets of its budget level."""
    if len(job.scopes) == 1:
        return [tuple(job.scopes)]
    paths, wildcards = max_paths, max_wildcards
    if job.budget_level:
        paths, wildcards = reduced_budget(max_paths, max_wildcards, job.budget_level)
    if len(job.scopes) <= max_paths and sum(map(is_wildcard, job.scopes)) <= max_wildcards:
        # Never evict a site for a few edits: after a failure they are sent as several smaller requests.
        return list(split_items(job.scopes, max_paths=paths, max_wildcards=wildcards))
    return list(plan(job.scopes, max_paths=paths, max_wildcards=wildcards, listing=listing))
