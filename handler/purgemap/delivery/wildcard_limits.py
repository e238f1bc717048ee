"""How many wildcards a request may have, remembered from one batch to the next after CloudFront refused more."""

from collections.abc import Iterable
from dataclasses import replace

from purgemap.delivery.delivering import Order
from purgemap.delivery.outcomes import Accepted, Deferred, Outcome
from purgemap.planning import RUNGS, tightened

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

    def limit(self, order: Order, now: float) -> Order:
        """Return an order whose distribution takes no more wildcards at once than is remembered."""
        rung = self._rung(order.distribution.id, now)
        if not rung:
            return order
        _, most = tightened(order.distribution.max_paths, order.distribution.max_wildcards, rung)
        return order._replace(distribution=replace(order.distribution, max_wildcards=most))

    def record(self, orders: Iterable[Order], outcomes: Iterable[Outcome], now: float) -> None:
        """Remember which of the orders came back tightened, and which were accepted because they were."""
        # A distribution may have two orders: what was held for its daily budget goes apart.
        rungs: dict[str, int] = {}
        for order in orders:
            rungs[order.distribution.id] = max(order.job.rung, rungs.get(order.distribution.id, 0))
        for outcome in outcomes:
            distribution, rung = outcome.job.distribution, outcome.job.rung
            if isinstance(outcome, Deferred) and rung > rungs.get(distribution, rung):
                remembered = max(rung, self._rung(distribution, now) + 1)
                self._rungs[distribution] = (min(remembered, len(RUNGS) - 1), now)
            elif isinstance(outcome, Accepted) and rung:
                # Its back-off may have been as long as the memory.
                self._rungs[distribution] = (max(min(rung, len(RUNGS) - 1), self._rung(distribution, now)), now)

    def _rung(self, distribution: str, now: float) -> int:
        rung, since = self._rungs.get(distribution, (0, now))
        return max(0, rung - int((now - since) / SECONDS_PER_RUNG))
