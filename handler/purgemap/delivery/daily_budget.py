"""Limit the paths that a distribution sends in 24 hours (`max_paths_per_day`), and keep it covered beyond that.

A distribution that has spent its budget gets one wildcard per scope instead of items, at most once in 15 minutes. Jobs
are held until the distribution's next wildcard slot, where they meet. A wildcard that is sent after a slot covers all
changes before it. So functions share the caller reference of a slot's wildcards: CloudFront makes one invalidation of
them, although the functions share nothing else.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

from purgemap.delivery.backoff import (
    MAX_DELAY_SECONDS,
    WILDCARD_INTERVAL_SECONDS,
    last_wildcard_slot,
    next_wildcard_slot,
)
from purgemap.delivery.distribution_budget import DistributionBudget
from purgemap.delivery.outcomes import Deferred
from purgemap.delivery.rate_limit import RateLimit
from purgemap.delivery.spending import InvalidationHistory
from purgemap.jobs import Job
from purgemap.planning import Request, cover_whole_scopes
from purgemap.routemap import Distribution

# Held jobs are sent in the first batches after their slot. Without this margin a new job could take the end of their 15
# minutes for a pause in which nothing was sent.
_SECONDS_TO_SEND_IN_SLOT = 60


class Excess(NamedTuple):
    """A distribution over its daily budget; its next wildcards may be sent at `next_wildcards`, in epoch seconds."""

    distribution: str
    spent: int
    budget: int
    next_wildcards: float


class BudgetNotes(NamedTuple):
    """The notes on the daily budgets of a batch, for the log."""

    excesses: tuple[Excess, ...] = ()
    warnings: tuple[str, ...] = ()


class Admitted(NamedTuple):
    """A job, or its wildcards in place of it, and the requests that may be sent now."""

    job: Job
    requests: list[Request]


class DailyBudgets:
    """The daily budgets of all distributions, as long as the function stays warm."""

    def __init__(self, history: InvalidationHistory) -> None:
        self._history = history
        self._budgets: dict[str, DistributionBudget] = {}
        self._excesses: dict[str, Excess] = {}
        self._warnings: list[str] = []

    def take_notes(self) -> BudgetNotes:
        """Return and clear the notes since the last call."""
        notes = BudgetNotes(tuple(self._excesses.values()), tuple(self._warnings))
        self._excesses.clear()
        self._warnings.clear()
        return notes

    def record(self, distribution: Distribution, invalidation: str, items: Request, sent: float) -> None:
        """Count an invalidation that CloudFront accepted."""
        if distribution.max_paths_per_day:
            self._budget(distribution).spending.record(invalidation, items, sent)

    def admit(
        self,
        job: Job,
        distribution: Distribution,
        plan: Callable[[Job, int, int], list[Request]],
        rate_limit: RateLimit,
    ) -> Admitted | Deferred:
        """Return the requests that a job may send now, or the job deferred.

        `plan` takes a job, and the paths and wildcards that one of its requests may have.
        """
        budget = self._budget(distribution)
        remaining = budget.remaining(distribution, rate_limit, self._warnings.append)
        max_paths = self._max_paths(distribution, budget, remaining, rate_limit.now())
        requests = plan(job, max_paths, distribution.max_wildcards) if remaining else []
        if requests and sum(map(len, requests)) <= remaining:
            return Admitted(job, requests)
        self._note_excess(distribution, budget, rate_limit.now())
        wildcards = self._due_wildcards(job, budget, rate_limit)
        if wildcards is None:
            return _hold(job, self._excesses[distribution.id], rate_limit.now())
        return Admitted(wildcards, plan(wildcards, distribution.max_paths, distribution.max_wildcards))

    def _max_paths(self, distribution: Distribution, budget: DistributionBudget, remaining: int, now: float) -> int:
        """Return the paths of a request: those that remain, unless wildcards were sent in the last 15 minutes.

        A spent budget becomes free path by path. Without the exception, each free path would be spent on a whole scope
        for a few edits.
        """
        if remaining < distribution.max_paths and budget.spending.has_wildcards_since(_last_pause(now)):
            return distribution.max_paths
        return min(distribution.max_paths, remaining)

    def _due_wildcards(self, job: Job, budget: DistributionBudget, rate_limit: RateLimit) -> Job | None:
        """Return the job with its scopes' wildcards, without those already sent in this slot; None if it must wait."""
        if job.held_until > rate_limit.now():
            return None
        if not job.held_until:
            return self._wildcards_after_pause(job, budget, rate_limit)
        budget.refresh(rate_limit, self._warnings.append)
        slot = last_wildcard_slot(job.distribution, rate_limit.now())
        items = cover_whole_scopes(job.scopes) - budget.spending.items_since(slot)
        return job._replace(scopes=dict.fromkeys(sorted(items)), sources=(f"held until {slot:.0f}",))

    def _wildcards_after_pause(self, job: Job, budget: DistributionBudget, rate_limit: RateLimit) -> Job | None:
        """Return a new job with its scopes' wildcards if nothing was sent for 15 minutes."""
        since = _last_pause(rate_limit.now())
        if budget.spending.newest() <= since:
            budget.refresh(rate_limit, self._warnings.append)
        if budget.spending.newest() > since:
            return None
        return job._replace(scopes=dict.fromkeys(sorted(cover_whole_scopes(job.scopes))))

    def _budget(self, distribution: Distribution) -> DistributionBudget:
        return self._budgets.setdefault(distribution.id, DistributionBudget(self._history, distribution))

    def _note_excess(self, distribution: Distribution, budget: DistributionBudget, now: float) -> None:
        next_wildcards = next_wildcard_slot(distribution.id, now)
        self._excesses[distribution.id] = Excess(
            distribution.id, budget.spending.paths(), distribution.max_paths_per_day, next_wildcards
        )


def _last_pause(now: float) -> float:
    """Return the time since which nothing may have been sent, if wildcards are to be sent outside of a slot."""
    return now - WILDCARD_INTERVAL_SECONDS - _SECONDS_TO_SEND_IN_SLOT


def _hold(job: Job, excess: Excess, now: float) -> Deferred:
    """Defer a job until its slot. SQS may deliver it some seconds early; then it waits for the same slot."""
    until = min(job.held_until, excess.next_wildcards) if job.held_until > now else excess.next_wildcards
    delay = min(max(math.ceil(until - now), 1), MAX_DELAY_SECONDS)
    reason = f"{excess.spent:,} paths were sent in 24 hours, and max_paths_per_day is {excess.budget:,}"
    return Deferred(job._replace(held_until=until), delay, reason)
