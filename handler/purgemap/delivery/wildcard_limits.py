"""Remember how many wildcards CloudFront accepts in a request of a distribution, from one batch to the next."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from purgemap.delivery.outcomes import Accepted, Deferred, Outcome
from purgemap.jobs import PendingJob
from purgemap.planning import BUDGET_LEVELS, reduced_budget

# CloudFront's published quota of one wildcard a second has no known burst, so a large request may fail every time. A
# full quota of wildcards in progress lasts a minute, and a coarse plan evicts more than it must. Hence this time.
SECONDS_PER_LEVEL = 15 * 60
_MAX_LEVEL = len(BUDGET_LEVELS) - 1


class WildcardLimits:
    """The budget level of each distribution's wildcards, as long as the function stays warm.

    It does not limit paths: a job that fits into `max_paths` is sent as it is.
    """

    def __init__(self) -> None:
        self._levels: dict[str, tuple[int, float]] = {}

    def apply(self, jobs: Sequence[PendingJob], now: float) -> Sequence[PendingJob]:
        """Return the jobs, with `max_wildcards` reduced where CloudFront accepted fewer before."""
        return [self._limit(pending, now) for pending in jobs] if self._levels else jobs

    def _limit(self, pending: PendingJob, now: float) -> PendingJob:
        distribution, level = pending.distribution, self._level(pending.distribution.id, now)
        if not level:
            return pending
        _, max_wildcards = reduced_budget(distribution.max_paths, distribution.max_wildcards, level)
        return pending._replace(distribution=replace(distribution, max_wildcards=max_wildcards))

    def record(self, jobs: Iterable[PendingJob], outcomes: Iterable[Outcome], now: float) -> None:
        """Record which jobs were deferred with a smaller budget, and which were accepted with one."""
        # A distribution may have two jobs: one that was held for its daily budget stays apart.
        sent_levels: dict[str, int] = {}
        for job, *_ in jobs:
            sent_levels[job.distribution] = max(job.budget_level, sent_levels.get(job.distribution, 0))
        for outcome in outcomes:
            id_, level = outcome.job.distribution, outcome.job.budget_level
            if isinstance(outcome, Deferred) and level > sent_levels.get(id_, level):
                self._levels[id_] = min(max(level, self._level(id_, now) + 1), _MAX_LEVEL), now
            elif isinstance(outcome, Accepted) and level:
                # Its back-off may have lasted as long as the level is kept.
                self._levels[id_] = max(min(level, _MAX_LEVEL), self._level(id_, now)), now

    def _level(self, distribution: str, now: float) -> int:
        level, since = self._levels.get(distribution, (0, now))
        return max(0, level - int((now - since) / SECONDS_PER_LEVEL))
