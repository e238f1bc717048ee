"""How many wildcards a request may have, remembered from one batch to the next after CloudFront refused more."""

from collections.abc import Iterable
from dataclasses import replace

from purgemap.delivery.outcomes import Accepted, Deferred, Outcome
from purgemap.delivery.sender import PendingJob
from purgemap.planning import BUDGET_LEVELS, reduced_budget

# CloudFront's published quota of one wildcard a second has no known burst, so a large request may be refused every
# time. A full quota of wildcards in progress is over in a minute, and a coarse plan evicts more than it must: after
# this time a distribution may have one rung more.
SECONDS_PER_RUNG = 15 * 60


class WildcardLimits:
    """The rung to which each distribution's wildcards were tightened, for as long as the function stays warm.

    Paths are not remembered: what fits into `max_paths` goes as it is.
    """

    def __init__(self) -> None:
        self._rungs: dict[str, tuple[int, float]] = {}

    def limit(self, order: PendingJob, now: float) -> PendingJob:
        """Return an order whose distribution takes no more wildcards at once than is remembered."""
        budget_level = self._rung(order.distribution.id, now)
        if not budget_level:
            return order
        _, most = reduced_budget(order.distribution.max_paths, order.distribution.max_wildcards, budget_level)
        return order._replace(distribution=replace(order.distribution, max_wildcards=most))

    def record(self, orders: Iterable[PendingJob], outcomes: Iterable[Outcome], now: float) -> None:
        """Remember which of the orders came back tightened, and which were accepted because they were."""
        # A distribution may have two orders: what was held for its daily budget goes apart.
        rungs: dict[str, int] = {}
        for order in orders:
            rungs[order.distribution.id] = max(order.job.budget_level, rungs.get(order.distribution.id, 0))
        for outcome in outcomes:
            distribution, budget_level = outcome.job.distribution, outcome.job.budget_level
            if isinstance(outcome, Deferred) and budget_level > rungs.get(distribution, budget_level):
                remembered = max(budget_level, self._rung(distribution, now) + 1)
                self._rungs[distribution] = (min(remembered, len(BUDGET_LEVELS) - 1), now)
            elif isinstance(outcome, Accepted) and budget_level:
                # Its back-off may have been as long as the memory.
                self._rungs[distribution] = (
                    max(min(budget_level, len(BUDGET_LEVELS) - 1), self._rung(distribution, now)),
                    now,
                )

    def _rung(self, distribution: str, now: float) -> int:
        budget_level, since = self._rungs.get(distribution, (0, now))
        return max(0, budget_level - int((now - since) / SECONDS_PER_RUNG))
