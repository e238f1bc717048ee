"""Build the listings of distributions: the viewer paths of their unchanged objects, from the keys of buckets."""

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from itertools import filterfalse
from urllib.parse import quote, quote_plus

from purgemap.errors import PurgemapError
from purgemap.events import CREATED, ObjectChange
from purgemap.paths import encode_viewer_paths, list_viewer_paths
from purgemap.planning import Listing
from purgemap.routemap import RouteMap
from purgemap.routemap.sites import list_sites
from purgemap.routing import Router, Skip, Target
from purgemap.text import join_with_limit, pluralize

# The characters that neither S3's nor Python's URL-encoding escapes.
_UNESCAPED = "/~*"


def check_listing(keys_by_bucket: Mapping[str, Iterable[str]], changes: Iterable[ObjectChange]) -> None:
    """Raise PurgemapError for a listing of other buckets, in another spelling, or without the created objects."""
    # Objects that seem absent make every wildcard free, so a wrong listing would evict whole sites.
    keys_by_event: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for change in changes:
        keys_by_event[change.bucket][change.event].add(change.key)
    if keys_by_event and not keys_by_event.keys() & keys_by_bucket.keys():
        raise PurgemapError(
            f"the listing names no object of {join_with_limit(sorted(keys_by_event))}; list the changed bucket"
        )
    for bucket, events in keys_by_event.items():
        listed_keys = set(keys_by_bucket.get(bucket, ()))
        _check_first_characters(listed_keys, set().union(*events.values()))
        created_keys = events.pop(CREATED, set()).difference(*events.values())
        if created_keys and bucket in keys_by_bucket:
            _check_created(bucket, created_keys, listed_keys)


def _check_first_characters(listed_keys: set[str], changed_keys: set[str]) -> None:
    """Raise PurgemapError for names as `find` prints them."""
    for prefix in ("./", "/"):
        # A key may begin with a slash, but then a changed key does so too.
        is_on_all = bool(listed_keys) and all(key.startswith(prefix) for key in listed_keys)
        if is_on_all and not any(key.startswith(prefix) for key in changed_keys):
            raise PurgemapError(f"the listing's keys all begin with {prefix!r}, as no changed key does; remove it")


def _check_created(bucket: str, created_keys: set[str], listed_keys: set[str]) -> None:
    """Raise PurgemapError for keys that are URL-encoded, of another folder, or from before the deploy."""
    absent_keys = sorted(created_keys - listed_keys)
    for key in absent_keys:
        for encoded in {quote(key, _UNESCAPED), quote_plus(key, _UNESCAPED)} & listed_keys:
            raise PurgemapError(f"the listing's keys are URL-encoded, as {encoded!r}; make it without --encoding-type")
    if len(absent_keys) == len(created_keys):
        contents = f", whose first key is {min(listed_keys)!r}" if listed_keys else ", which is empty"
        raise PurgemapError(
            f"the listing lacks all {pluralize(len(created_keys), 'object')} created in {bucket}, "
            f"as {absent_keys[0]!r}{contents}; list the whole bucket after the deploy"
        )


def build_listings(
    keys_by_bucket: Mapping[str, Iterable[str]], changes: Iterable[ObjectChange], router: Router
) -> dict[str, Listing]:
    """Build a listing of unchanged objects for each distribution whose changed buckets are all listed."""
    changed_objects = {(change.bucket, change.key) for change in changes}
    # Objects of a bucket that isn't listed would count as absent, and evicting them as free.
    paths_by_id: dict[str, list[list[str]]] = {
        id_: [] for id_ in _listed_distributions(changed_objects, keys_by_bucket, router)
    }
    listed_objects = ((bucket, key) for bucket, keys in keys_by_bucket.items() for key in keys)
    for bucket, key in filterfalse(changed_objects.__contains__, listed_objects):
        for id_, paths in _viewer_paths(bucket, key, router).items():
            if id_ in paths_by_id:
                paths_by_id[id_].append(sorted(paths))
    return {id_: Listing(paths) for id_, paths in paths_by_id.items()}


def unlisted_buckets(
    route_map: RouteMap, distributions: Container[str], listed: Container[str]
) -> list[tuple[str, str]]:
    """Return pairs of bucket and distribution id: unlisted buckets that serve one of the distributions."""
    # Only buckets that the map names count: those that match a pattern are not known.
    pairs = ((site.bucket, site.distribution.id) for site in list_sites(route_map) if site.bucket in route_map.buckets)
    return sorted({(bucket, id_) for bucket, id_ in pairs if id_ in distributions and bucket not in listed})


def _listed_distributions(
    changed: Iterable[tuple[str, str]], listed_buckets: Container[str], router: Router
) -> set[str]:
    buckets_by_distribution: dict[str, set[str]] = defaultdict(set)
    for bucket, key in changed:
        for target in serving_targets(bucket, key, router):
            buckets_by_distribution[target.distribution.id].add(bucket)
    return {id_ for id_, buckets in buckets_by_distribution.items() if all(map(listed_buckets.__contains__, buckets))}


def _viewer_paths(bucket: str, key: str, router: Router) -> dict[str, set[str]]:
    paths: dict[str, set[str]] = defaultdict(set)
    for target in serving_targets(bucket, key, router):
        paths[target.distribution.id].update(encode_viewer_paths(list_viewer_paths(target, key)))
    return paths


def serving_targets(bucket: str, key: str, router: Router) -> Iterator[Target]:
    """Yield the targets whose distribution serves an object."""
    # Filters and events do not matter: CloudFront serves and caches what a route excludes.
    for target in router.bucket(bucket).match_prefixes(key):
        if not isinstance(target, Skip) and key.startswith(target.origin_prefix):
            yield target
