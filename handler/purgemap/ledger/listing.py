"""The ledger as a listing: which other objects a site holds, for plans that must choose wildcards.

The table has a row for each object that changed while its route skipped uploads. After a deploy of the whole site that
is every object, and the plan is the one that `purgemap plan --listing` makes.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from purgemap.jobs import Job
from purgemap.ledger.edges import LedgerTable
from purgemap.paths import encode_viewer_paths, list_viewer_paths
from purgemap.planning import FolderCounts, Listing, drop_nested
from purgemap.routemap import RouteMap, literal_start
from purgemap.routemap.sites import list_sites
from purgemap.routing import Router, Skip

# Queries are sequential, 1 MB a page. The limits keep a batch far within the function's time and memory.
_MAX_KEYS = 200_000
_MAX_SECONDS = 5

# Some objects may have been deleted since they were counted.
_COMPLETE_SHARE = 0.9


class ListedPrefix(NamedTuple):
    """A bucket, and the start of the keys of a route's objects."""

    bucket: str
    prefix: str


class SkippingPlaces:
    """The places of the objects of each distribution whose routes all skip unchanged uploads."""

    def __init__(self, route_map: RouteMap) -> None:
        self._route_map = route_map

    @cached_property
    def by_id(self) -> Mapping[str, Sequence[ListedPrefix]]:
        """The places by distribution id. A distribution is absent if a route always invalidates it."""
        # Most functions never plan a wildcard, so the sites of a map are listed only for the first one.
        places: dict[str, set[ListedPrefix]] = defaultdict(set)
        unknown = set()
        for site in list_sites(self._route_map):
            # Only buckets that the map names can be queried.
            if site.bucket in self._route_map.buckets and site.settings.skip_unchanged:
                places[site.distribution.id].add(ListedPrefix(site.bucket, literal_start(site.prefix)))
            else:
                unknown.add(site.distribution.id)
        return {id_: _drop_nested(group) for id_, group in places.items() if id_ not in unknown}


class LedgerListings:
    """The listings of a batch. All of its plans share the seconds for queries."""

    def __init__(
        self,
        table: LedgerTable,
        places: SkippingPlaces,
        router: Router,
        now: Callable[[], float],
        counts_of: Callable[[str], FolderCounts] | None,
    ) -> None:
        self._table = table
        self._places = places
        self._router = router
        self._now = now
        self._counts_of = counts_of
        self._seconds_left: float = _MAX_SECONDS

    def listing_of(self, job: Job) -> Listing | None:
        """Return the unchanged objects of a job's distribution; None if the table may lack many of them."""
        places = self._places.by_id.get(job.distribution, ())
        begin, keys_by_bucket, known = self._now(), list[tuple[str, list[str]]](), 0
        for bucket, prefix in places:
            keys = self._table.list_keys(bucket, prefix, begin + self._seconds_left, _MAX_KEYS - known)
            if keys is None:
                break
            keys_by_bucket.append((bucket, keys))
            known += len(keys)
        self._seconds_left -= self._now() - begin
        if not places or len(keys_by_bucket) < len(places):
            return None
        paths = [paths for bucket, keys in keys_by_bucket for paths in self._unchanged_paths(bucket, keys, job)]
        return Listing(paths) if self._is_complete(job, known, len(paths)) else None

    def _unchanged_paths(self, bucket: str, keys: Sequence[str], job: Job) -> Iterator[list[str]]:
        """Yield the viewer paths of each object of which the job has none."""
        for key in keys:
            paths = {
                path
                for target in self._router.bucket(bucket).match_prefixes(key)
                if not isinstance(target, Skip) and key.startswith(target.origin_prefix)
                if target.distribution.id == job.distribution
                for path in encode_viewer_paths(list_viewer_paths(target, key))
            }
            if paths and paths.isdisjoint(job.scopes):
                yield sorted(paths)

    def _is_complete(self, job: Job, known: int, unchanged: int) -> bool:
        """Return whether the table has about all objects of a site: evicting those that it lacks would seem free."""
        counts = self._counts_of(job.distribution) if self._counts_of else None
        if counts:
            return known >= _COMPLETE_SHARE * sum(counts.values())
        # Soon after the option was set, the table has little more than the changes of the first deploys.
        return unchanged >= job.changes


def _drop_nested(places: set[ListedPrefix]) -> list[ListedPrefix]:
    """Drop places within others, whose keys would be read twice."""
    # A bucket's name has no slash, so the texts of two buckets never start alike up to it.
    texts = drop_nested(f"{bucket}/{prefix}" for bucket, prefix in places)
    return [ListedPrefix(*text.split("/", 1)) for text in texts]
