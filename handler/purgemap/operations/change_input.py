"""Route a list of changes: the jobs that the map makes of them, and the listings of the sites that they change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from purgemap.events import ObjectChange
from purgemap.operations.inputs import (
    ChangeList,
    build_listings,
    check_listing,
    parse_listing,
    serving_targets,
    unlisted_buckets,
)
from purgemap.paths import BatchJobs, build_jobs
from purgemap.planning import Listing
from purgemap.routemap import RouteMap
from purgemap.routing import Router

# `aws s3` prints no line for the objects that it was uploading when it ended, though S3 may have stored them.
_EARLY_ENDS = ("fatal error: ", "cancelled: ")


@dataclass(frozen=True, slots=True)
class ChangeInput:
    """The changes of an input, the jobs that the map makes of them, and the listings by distribution id.

    `unmatched` are changes of objects that no route serves; other unrouted changes are excluded by the map.
    `listing_gaps` are warnings of buckets that a listing lacks.
    """

    change_list: ChangeList
    batch_jobs: BatchJobs
    unmatched: list[ObjectChange]
    listings: dict[str, Listing] | None
    route_map: RouteMap
    listing_gaps: tuple[str, ...] = ()

    @property
    def routed(self) -> list[ObjectChange]:
        """The changes that invalidate something."""
        unrouted = set(self.batch_jobs.unrouted)
        return [change for change in self.change_list.changes if change not in unrouted]

    @property
    def ends_early(self) -> bool:
        """Whether the log lacks objects that `aws s3` was sending when it ended."""
        return any(error.startswith(_EARLY_ENDS) for error in self.change_list.aws_cli_errors)

    @property
    def warnings(self) -> tuple[str, ...]:
        """The skipped errors of `aws s3`, and what the map could not do as it is written."""
        return (*(f"skipped: {error}" for error in self.change_list.aws_cli_errors), *self.batch_jobs.warnings)


def read_listed_keys(text: str, bucket: str | None, change_list: ChangeList) -> Mapping[str, Sequence[str]]:
    """Parse a listing of the changed buckets into keys by bucket; raises PurgemapError for one that can't be theirs."""
    buckets = {change.bucket for change in change_list.changes}
    listed_bucket = bucket or (buckets.pop() if len(buckets) == 1 else None)
    keys_by_bucket = parse_listing(text, listed_bucket, change_list.changes)
    check_listing(keys_by_bucket, change_list.changes)
    return keys_by_bucket


def route_change_list(
    route_map: RouteMap, change_list: ChangeList, keys_by_bucket: Mapping[str, Sequence[str]] | None, now: float
) -> ChangeInput:
    """Route a list of changes; with the keys of the changed buckets, build the listings of their distributions."""
    router = Router(route_map)
    batch_jobs = build_jobs(router.route(change_list.changes), now)
    unmatched = [
        change for change in batch_jobs.unrouted if not any(serving_targets(change.bucket, change.key, router))
    ]
    if keys_by_bucket is None:
        return ChangeInput(change_list, batch_jobs, unmatched, None, route_map)
    listings = build_listings(keys_by_bucket, change_list.changes, router)
    gaps = tuple(
        f"{bucket} feeds {route_map.label(distribution)} too, but its objects count as absent; list it"
        for bucket, distribution in unlisted_buckets(route_map, listings, keys_by_bucket)
    )
    return ChangeInput(change_list, batch_jobs, unmatched, listings, route_map, gaps)
