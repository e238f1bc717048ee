"""Changes, and what is known of the sites → what would be sent, without sending it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from purgemap.events import ObjectChange
from purgemap.jobs import PendingJob
from purgemap.paths import build_jobs
from purgemap.planning import Listing, collateral, is_wildcard, plan
from purgemap.routemap import Distribution, RouteMap
from purgemap.routing import Router


@dataclass(frozen=True, slots=True)
class PlannedInvalidation:
    """What one distribution would be told in one request.

    `changes` counts the objects behind all of the distribution's requests; `collateral` the unchanged objects that
    the wildcards evict, None where no listing tells.
    """

    distribution: Distribution
    items: tuple[str, ...]
    changes: int
    collateral: int | None

    @property
    def wildcards(self) -> int:
        """How many of the items count against CloudFront's quota of wildcards."""
        return sum(map(is_wildcard, self.items))


def preview_jobs(
    orders: Iterable[PendingJob], listings: Mapping[str, Listing] | None = None
) -> list[PlannedInvalidation]:
    """Plan orders within the map's own budgets, by distribution; `listings` tells of the sites, by distribution."""
    invalidations = []
    for order in sorted(orders, key=lambda order: order.job.distribution):
        job, distribution = order.job, order.distribution
        listing = (listings or {}).get(distribution.id)
        paths, wildcards = distribution.max_paths, distribution.max_wildcards
        for items in plan(job.scopes, max_paths=paths, max_wildcards=wildcards, listing=listing):
            evicted = collateral(items, listing) if listing else None
            invalidations.append(PlannedInvalidation(distribution, items, job.changes, evicted))
    return invalidations


def preview_change(routes: RouteMap, bucket: str, key: str, event: str) -> dict[str, tuple[str, ...]]:
    """Return the items that each distribution would be sent for one change, by the distribution's id."""
    wanted = build_jobs(Router(routes).route([ObjectChange(bucket, key, event, "", "")]), now=0)
    items_by_distribution: dict[str, set[str]] = defaultdict(set)
    for each in preview_jobs(wanted.pending):
        items_by_distribution[each.distribution.id].update(each.items)
    return {distribution: tuple(sorted(items)) for distribution, items in items_by_distribution.items()}
