"""Changes, and what is known of the sites → what would be sent, without sending it."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from purgemap.delivery import Order
from purgemap.errors import PurgemapError
from purgemap.events import ObjectChange
from purgemap.paths import spellings, viewer_paths
from purgemap.pipeline import want
from purgemap.planning import Listing, collateral, plan
from purgemap.routes.table import Distribution, Routes
from purgemap.routing import Router
from purgemap.targets import Skip

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
        return sum(item.endswith("*") for item in self.items)


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


def listings_of(
    objects: Iterable[tuple[str, str]], changes: Iterable[ObjectChange], router: Router
) -> dict[str, Listing]:
    """Spell the objects (bucket, key) of the sites that didn't change, as each distribution's viewers see them.

    Filters of the routes don't count here: what a route leaves out is served and cached all the same.
    """
    changed = {(change.bucket, change.key) for change in changes}
    spelled: dict[str, list[set[str]]] = defaultdict(list)
    for bucket, key in objects:
        if (bucket, key) in changed:
            continue
        for distribution, paths in _viewer_paths(bucket, key, router).items():
            spelled[distribution].append(paths)
    return {distribution: Listing([sorted(paths) for paths in each]) for distribution, each in spelled.items()}


def _viewer_paths(bucket: str, key: str, router: Router) -> dict[str, set[str]]:
    paths: dict[str, set[str]] = defaultdict(set)
    for target in router.bucket(bucket).matches(key):
        if not isinstance(target, Skip) and key.startswith(target.served):
            paths[target.distribution.id].update(viewer_paths(spellings(target, key)))
    return paths


def parse_listing(text: str, bucket: str | None) -> list[tuple[str, str]]:
    """Read a listing: s3:// URIs or keys, one a line, or the JSON of `aws s3api list-objects-v2`.

    Raises PurgemapError where the listing names no bucket and `bucket` is None, or is no listing.
    """
    if text.lstrip().startswith("{"):
        return [_located(key, bucket) for key in _listed_keys(text)]
    return [_located(line, bucket) for line in text.split("\n") if line]


def _listed_keys(text: str) -> list[str]:
    try:
        return [str(entry["Key"]) for entry in json.loads(text).get("Contents", [])]
    except (ValueError, KeyError, TypeError) as error:
        raise PurgemapError(f"the listing is no JSON of `aws s3api list-objects-v2`: {error!r}") from None


def _located(line: str, bucket: str | None) -> tuple[str, str]:
    if line.startswith("s3://"):
        named, _, key = line.removeprefix("s3://").partition("/")
        return named, key
    if bucket is None:
        raise PurgemapError("the listing's keys belong to no one bucket of the changes; name it with --bucket")
    return bucket, line
