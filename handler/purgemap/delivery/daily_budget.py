"""A job and what its distribution may still spend today → what is sent now, or until when the job is held.

A distribution that has spent its budget gets one wildcard per scope instead of items, at most once in 15 minutes. Jobs
are held until the distribution's next wildcard slot, where they meet. All that changed before a slot is covered by what
is sent after it, so functions share the caller reference of a slot's wildcards: CloudFront makes one invalidation of
them, although functions share nothing else.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

from purgemap.delivery.backoff import MAX_DELAY, SECONDS_BETWEEN_WILDCARDS, last_wildcard_slot, next_wildcard_slot
from purgemap.delivery.history import InvalidationHistory
from purgemap.delivery.outcomes import Deferred
from purgemap.delivery.rate_limit import RateLimit
from purgemap.delivery.statement import Statement
from purgemap.jobs import Job
from purgemap.planning import cover_whole_scopes
from purgemap.routemap import Distribution

# What was held goes in the first batches after its slot; a new job must not take their quarter of an hour for a pause.
_SECONDS_TO_SEND_IN_A_SLOT = 60

Requests = list[tuple[str, ...]]


class Excess(NamedTuple):
    """A distribution over its daily budget: the paths it has spent, and when its next wildcards may go (epoch)."""

    distribution: str
    spent: int
    budget: int
    next_wildcards: float


class BudgetNotes(NamedTuple):
    """What a person should read of a batch's budgets."""

    excesses: tuple[Excess, ...] = ()
    warnings: tuple[str, ...] = ()


class Admitted(NamedTuple):
    """What a job may send now, and how it is planned once there is a call for it."""

    job: Job
    plan: Callable[[], Requests]


class DailyBudgets:
    """The daily budgets of all distributions, as long as the function lives."""

    def __init__(self, history: InvalidationHistory) -> None:
        self._history = history
        self._statements: dict[str, Statement] = {}
        self._excesses: dict[str, Excess] = {}
        self._warnings: list[str] = []

    def take_notes(self) -> BudgetNotes:
        """Return what was noted since the last time."""
        notes = BudgetNotes(tuple(self._excesses.values()), tuple(self._warnings))
        self._excesses.clear()
        self._warnings.clear()
        return notes

    def record(self, distribution: Distribution, invalidation: str, items: tuple[str, ...], sent: float) -> None:
        """Count an invalidation that CloudFront has accepted."""
        if distribution.max_paths_per_day:
            self._statement(distribution).spending.record(invalidation, items, sent)

    def admit(
        self, job: Job, distribution: Distribution, plan: Callable[[Job, int], Requests], rate_limit: RateLimit
    ) -> Admitted | Deferred:
        """Return what a job may send now, else the job held back; `plan` takes the most paths of one request."""
        statement = self._statement(distribution)
        remaining = statement.remaining(distribution, rate_limit, self._warnings.append)
        max_paths = self._max_paths(distribution, statement, remaining, rate_limit.now())
        requests = plan(job, max_paths) if remaining else []
        if requests and sum(map(len, requests)) <= remaining:
            return Admitted(job, lambda: requests)
        self._note_excess(distribution, statement, rate_limit.now())
        wildcards = self._due_wildcards(job, statement, rate_limit)
        if wildcards is None:
            return _hold(job, self._excesses[distribution.id], rate_limit.now())
        return Admitted(wildcards, lambda: plan(wildcards, distribution.max_paths))

    def _max_paths(self, distribution: Distribution, statement: Statement, remaining: int, now: float) -> int:
        """Return the most paths of a request: those that remain, unless wildcards were sent in the last 15 minutes.

        A spent budget becomes free path by path. Each of them would otherwise send a few edits as a whole scope.
        """
        if remaining < distribution.max_paths and statement.spending.has_wildcards_since(_last_pause(now)):
            return distribution.max_paths
        return min(distribution.max_paths, remaining)

    def _due_wildcards(self, job: Job, statement: Statement, rate_limit: RateLimit) -> Job | None:
        """Return the job as its scopes' wildcards, without those that went in this slot; None if it has to wait."""
        if job.held_until > rate_limit.now():
            return None
        if not job.held_until:
            return self._rare_wildcards(job, statement, rate_limit)
        statement.refresh(rate_limit, self._warnings.append)
        slot = last_wildcard_slot(job.distribution, rate_limit.now())
        items = cover_whole_scopes(job.scopes) - statement.spending.items_since(slot)
        return job._replace(scopes=dict.fromkeys(sorted(items)), sources=(f"held until {slot:.0f}",))

    def _rare_wildcards(self, job: Job, statement: Statement, rate_limit: RateLimit) -> Job | None:
        """Return a new job as its scopes' wildcards if nothing was sent for 15 minutes."""
        since = _last_pause(rate_limit.now())
        if statement.spending.newest() <= since:
            statement.refresh(rate_limit, self._warnings.append)
        if statement.spending.newest() > since:
            return None
        return job._replace(scopes=dict.fromkeys(sorted(cover_whole_scopes(job.scopes))))

    def _statement(self, distribution: Distribution) -> Statement:
        return self._statements.setdefault(distribution.id, Statement(self._history, distribution))

    def _note_excess(self, distribution: Distribution, statement: Statement, now: float) -> None:
        self._excesses[distribution.id] = Excess(
            distribution.id,
            statement.spending.paths(),
            distribution.max_paths_per_day,
            next_wildcard_slot(distribution.id, now),
        )


def _last_pause(now: float) -> float:
    """Return since when nothing may have been sent, for wildcards to be due without a slot."""
    return now - SECONDS_BETWEEN_WILDCARDS - _SECONDS_TO_SEND_IN_A_SLOT


def _hold(job: Job, excess: Excess, now: float) -> Deferred:
    """Hold a job until the next slot; SQS may give it back some seconds early, and then it waits for these."""
    until = min(job.held_until, excess.next_wildcards) if job.held_until > now else excess.next_wildcards
    delay = min(max(math.ceil(until - now), 1), MAX_DELAY)
    reason = f"{excess.spent:,} paths were sent in 24 hours, and max_paths_per_day is {excess.budget:,}"
    return Deferred(job._replace(held_until=until), delay, reason)
