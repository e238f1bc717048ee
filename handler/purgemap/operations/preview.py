"""Plan the invalidations of changes without sending them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from purgemap.events import ObjectChange
from purgemap.jobs import PendingJob
from purgemap.paths import build_jobs
from purgemap.planning import Listing, collateral, is_wildcard, plan
from purgemap.routemap import Distribution, RouteMap
from purgemap.routing import Router


@dataclass(frozen=True, slots=True)
class PlannedInvalidation:
    """One request to a distribution.

    `changes` counts the changed objects of all the distribution's requests. `collateral` counts the unchanged objects
    that the wildcards evict, None without a listing.
    """

    distribution: Distribution
    items: tuple[str, ...]
    changes: int
    collateral: int | None

    @property
    def wildcards(self) -> int:
        """The number of items that count against CloudFront's quota of wildcards."""
        return sum(map(is_wildcard, self.items))

    def document(self) -> dict[str, Any]:
        """Return the invalidation as the JSON documents of commands have it."""
        role_arn = self.distribution.role_arn
        return {
            "distribution": self.distribution.id,
            **({"role_arn": role_arn} if role_arn else {}),
            "items": list(self.items),
            "paths": len(self.items),
            "wildcards": self.wildcards,
            "changes": self.changes,
        }


def preview_jobs(
    pending_jobs: Iterable[PendingJob], listings: Mapping[str, Listing] | None = None
) -> list[PlannedInvalidation]:
    """Plan jobs within the map's budgets, sorted by distribution; `listings` are by distribution id."""
    invalidations = []
    for pending in sorted(pending_jobs, key=lambda pending: pending.job.distribution):
        job, distribution = pending.job, pending.distribution
        listing = (listings or {}).get(distribution.id)
        paths, wildcards = distribution.max_paths, distribution.max_wildcards
        for items in plan(job.scopes, max_paths=paths, max_wildcards=wildcards, listing=listing):
            evicted = collateral(items, listing) if listing else None
            invalidations.append(PlannedInvalidation(distribution, items, job.changes, evicted))
    return invalidations


def preview_change(route_map: RouteMap, bucket: str, key: str, event: str) -> dict[str, tuple[str, ...]]:
    """Return the items that one change sends to each distribution, by distribution id."""
    return preview_routed_change(Router(route_map), bucket, key, event)


def preview_routed_change(router: Router, bucket: str, key: str, event: str) -> dict[str, tuple[str, ...]]:
    """Return the items of one change as `preview_change` does; a caller with many changes builds one router."""
    batch_jobs = build_jobs(router.route([ObjectChange(bucket, key, event, "", "")]), now=0)
    items_by_distribution: dict[str, set[str]] = defaultdict(set)
    for invalidation in preview_jobs(batch_jobs.pending):
        items_by_distribution[invalidation.distribution.id].update(invalidation.items)
    return {distribution: tuple(sorted(items)) for distribution, items in items_by_distribution.items()}
