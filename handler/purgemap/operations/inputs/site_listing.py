"""The listed keys of buckets → what is known of the sites: their unchanged objects, as viewers see them."""

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from itertools import filterfalse
from urllib.parse import quote, quote_plus

from purgemap.errors import PurgemapError
from purgemap.events import CREATED, ObjectChange
from purgemap.paths import encode_viewer_paths, list_viewer_paths
from purgemap.planning import Listing
from purgemap.routemap import RouteMap, list_sites
from purgemap.routing import Router, Skip, Target
from purgemap.text import join_with_limit, pluralize

# What S3's and Python's URL-encoding leave as they are.
_NEVER_ENCODED = "/~*"


def check_listing(keys_by_bucket: Mapping[str, Iterable[str]], changes: Iterable[ObjectChange]) -> None:
    """Refuse a listing in which every changed object would count as absent, and so every wildcard as free.

    Raises PurgemapError that names an object.
    """
    keys_by_event: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for change in changes:
        keys_by_event[change.bucket][change.event].add(change.key)
    if keys_by_event and not keys_by_event.keys() & keys_by_bucket.keys():
        raise PurgemapError(
            f"the listing names no object of {join_with_limit(sorted(keys_by_event))}; list the changed bucket"
        )
    for bucket, events in keys_by_event.items():
        listed = set(keys_by_bucket.get(bucket, ()))
        _check_start(listed, set().union(*events.values()))
        created = events.pop(CREATED, set()).difference(*events.values())
        if created and bucket in keys_by_bucket:
            _check_created(bucket, created, listed)


def _check_start(listed: set[str], changed: set[str]) -> None:
    """Refuse names as `find` prints them; a key may begin with a slash, but then so does another."""
    for start in ("./", "/"):
        if (
            listed
            and all(key.startswith(start) for key in listed)
            and not any(key.startswith(start) for key in changed)
        ):
            raise PurgemapError(f"the listing's keys all begin with {start!r}, as no changed key does; leave it out")


def _check_created(bucket: str, created: set[str], listed: set[str]) -> None:
    """Refuse keys in another spelling, and those of another folder or from before the deploy."""
    absent = sorted(created - listed)
    for key in absent:
        for encoded in {quote(key, _NEVER_ENCODED), quote_plus(key, _NEVER_ENCODED)} & listed:
            raise PurgemapError(f"the listing's keys are URL-encoded, as {encoded!r}; make it without --encoding-type")
    if len(absent) == len(created):
        first = f", whose first key is {min(listed)!r}" if listed else ", which is empty"
        raise PurgemapError(
            f"the listing lacks all {pluralize(len(created), 'object')} created in {bucket}, as {absent[0]!r}{first}; "
            "list the whole bucket after the deploy"
        )


def build_listings(
    keys_by_bucket: Mapping[str, Iterable[str]], changes: Iterable[ObjectChange], router: Router
) -> dict[str, Listing]:
    """Spell the listed objects that didn't change, as each changed distribution's viewers see them.

    A distribution has a listing, perhaps an empty one, only where every bucket that changed for it is listed: what
    isn't listed would count as not there, and be evicted as if that cost nothing. Filters of the routes don't count
    here: what a route leaves out is served and cached all the same.
    """
    changed = {(change.bucket, change.key) for change in changes}
    spelled: dict[str, list[set[str]]] = {each: [] for each in _listed_distributions(changed, keys_by_bucket, router)}
    unchanged = ((bucket, key) for bucket, keys in keys_by_bucket.items() for key in keys)
    for bucket, key in filterfalse(changed.__contains__, unchanged):
        for distribution, paths in _viewer_paths(bucket, key, router).items():
            if distribution in spelled:
                spelled[distribution].append(paths)
    return {distribution: Listing([sorted(paths) for paths in each]) for distribution, each in spelled.items()}


def unlisted_buckets(routes: RouteMap, distributions: Container[str], listed: Container[str]) -> list[tuple[str, str]]:
    """Find the map's own buckets that aren't listed though they feed these distributions; pairs of bucket and id.

    What they hold counts as not there. Buckets that only a pattern of the map matches aren't known.
    """
    found = ((site.bucket, site.distribution.id) for site in list_sites(routes) if site.bucket in routes.buckets)
    return sorted({(bucket, each) for bucket, each in found if each in distributions and bucket not in listed})


def _listed_distributions(
    changed: Iterable[tuple[str, str]], listed_buckets: Container[str], router: Router
) -> set[str]:
    buckets_by_distribution: dict[str, set[str]] = defaultdict(set)
    for bucket, key in changed:
        for target in serving_targets(bucket, key, router):
            buckets_by_distribution[target.distribution.id].add(bucket)
    return {
        distribution
        for distribution, buckets in buckets_by_distribution.items()
        if all(bucket in listed_buckets for bucket in buckets)
    }


def _viewer_paths(bucket: str, key: str, router: Router) -> dict[str, set[str]]:
    paths: dict[str, set[str]] = defaultdict(set)
    for target in serving_targets(bucket, key, router):
        paths[target.distribution.id].update(encode_viewer_paths(list_viewer_paths(target, key)))
    return paths


def serving_targets(bucket: str, key: str, router: Router) -> Iterator[Target]:
    """Yield the targets whose distribution can serve an object, whatever their filters and events are."""
    for target in router.bucket(bucket).match_prefixes(key):
        if not isinstance(target, Skip) and key.startswith(target.origin_prefix):
            yield target
