"""Changes, and what is known of the sites → what would be sent, without sending it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from purgemap.delivery import Order
from purgemap.events import ObjectChange
from purgemap.pipeline import want
from purgemap.planning import Listing, collateral, is_wildcard, plan
from purgemap.routes.table import Distribution, Routes
from purgemap.routing import Router

# What CloudFront charges for a path, in dollars, before the account's free 1,000 a month.
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/PayingForInvalidation.html
DOLLARS_PER_PATH = 0.005


@dataclass(frozen=True, slots=True)
class Invalidation:
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


def preview(orders: Iterable[Order], listings: Mapping[str, Listing] | None = None) -> list[Invalidation]:
    """Plan orders within the map's own budgets, by distribution; `listings` tells of the sites, by distribution."""
    invalidations = []
    for order in sorted(orders, key=lambda order: order.job.distribution):
        job, distribution = order.job, order.distribution
        listing = (listings or {}).get(distribution.id)
        paths, wildcards = distribution.max_paths, distribution.max_wildcards
        for each in plan(job.scopes, max_paths=paths, max_wildcards=wildcards, listing=listing):
            evicted = collateral(each.items, listing) if listing else None
            invalidations.append(Invalidation(distribution, each.items, job.changes, evicted))
    return invalidations


def invalidations_of(routes: Routes, bucket: str, key: str, event: str) -> dict[str, tuple[str, ...]]:
    """Return the items that each distribution would be sent for one change, by the distribution's id."""
    wanted = want([ObjectChange(bucket, key, event, "", "")], Router(routes), now=0)
    items_by_distribution: dict[str, set[str]] = defaultdict(set)
    for each in preview(wanted.orders):
        items_by_distribution[each.distribution.id].update(each.items)
    return {distribution: tuple(sorted(items)) for distribution, items in items_by_distribution.items()}
