"""A plan that evicts unchanged objects → what a larger budget of paths would save, and what it would cost."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from purgemap.counting import counted
from purgemap.delivery import Order
from purgemap.planning import Listing
from purgemap.preview import DOLLARS_PER_PATH, Invalidation, preview

# Less is not worth a line: a tenth of what is evicted.
_WORTH_A_LINE = 10


def advise(
    orders: Iterable[Order], invalidations: Iterable[Invalidation], listings: Mapping[str, Listing]
) -> Iterator[tuple[str, str]]:
    """Yield a distribution's id and what twice its `max_paths` would change, where that spares enough objects."""
    invalidations = list(invalidations)
    for order in orders:
        told = [each for each in invalidations if each.distribution == order.distribution]
        roomier = replace(order.distribution, max_paths=2 * order.distribution.max_paths)
        instead = preview([Order(order.job, roomier)], listings)
        evicted, spared = _evicted(told), _evicted(told) - _evicted(instead)
        if evicted and spared * _WORTH_A_LINE >= evicted:
            advice = (
                f"with max_paths: {roomier.max_paths} it would evict {_evicted(instead):,} "
                f"instead of {counted(evicted, 'unchanged object')}, for ${_cost(instead) - _cost(told):.3f} more"
            )
            yield roomier.id, advice


def _evicted(invalidations: Iterable[Invalidation]) -> int:
    return sum(each.collateral or 0 for each in invalidations)


def _cost(invalidations: Iterable[Invalidation]) -> float:
    return sum(len(each.items) for each in invalidations) * DOLLARS_PER_PATH
