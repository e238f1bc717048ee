"""A plan → what other budgets of paths would change: objects that are spared, dollars, a day that costs too much."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from purgemap.jobs import PendingJob
from purgemap.operations import PlannedInvalidation, preview_jobs
from purgemap.planning import PRICE_PER_PATH_USD, Listing
from purgemap.text import pluralize

# Less is not worth a line: a tenth of what is evicted.
_WORTH_A_LINE = 10


def advise(
    orders: Iterable[PendingJob], invalidations: Iterable[PlannedInvalidation], listings: Mapping[str, Listing]
) -> Iterator[tuple[str, str]]:
    """Yield a distribution's id and what twice its `max_paths` would change, where that spares enough objects."""
    invalidations = list(invalidations)
    for order in orders:
        planned = [each for each in invalidations if each.distribution == order.distribution]
        roomier = replace(order.distribution, max_paths=2 * order.distribution.max_paths)
        instead = preview_jobs([PendingJob(order.job, roomier)], listings)
        evicted, spared = _evicted(planned), _evicted(planned) - _evicted(instead)
        if evicted and spared * _WORTH_A_LINE >= evicted:
            advice = (
                f"with max_paths: {roomier.max_paths} it would evict {_evicted(instead):,} "
                f"instead of {pluralize(evicted, 'unchanged object')}, for ${_cost(instead) - _cost(planned):.3f} more"
            )
            yield roomier.id, advice


def warn_of_budgets(invalidations: Iterable[PlannedInvalidation]) -> Iterator[tuple[str, str]]:
    """Yield a distribution's id and a warning where its plan alone is more than its daily budget."""
    paths_by_budget = Counter[tuple[str, int]]()
    for invalidation in invalidations:
        distribution = invalidation.distribution
        paths_by_budget[distribution.id, distribution.max_paths_per_day] += len(invalidation.items)
    for (name, budget), paths in paths_by_budget.items():
        if budget and paths > budget:
            instead = "the function would send one wildcard per scope instead"
            yield name, f"{paths:,} paths are more than max_paths_per_day: {budget}; {instead}"


def _evicted(invalidations: Iterable[PlannedInvalidation]) -> int:
    return sum(each.collateral or 0 for each in invalidations)


def _cost(invalidations: Iterable[PlannedInvalidation]) -> float:
    return sum(len(each.items) for each in invalidations) * PRICE_PER_PATH_USD
