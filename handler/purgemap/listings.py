"""What is in buckets, as people list it → what is known of the sites: their unchanged objects, as viewers see them."""

import json
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from itertools import filterfalse

from purgemap.errors import PurgemapError
from purgemap.events import ObjectChange
from purgemap.json_input import is_json
from purgemap.paths import spellings, viewer_paths
from purgemap.planning import Listing
from purgemap.routes.table import Routes
from purgemap.routing import Router
from purgemap.s3_uris import SCHEME, parse_s3_uri
from purgemap.sites import sites_of
from purgemap.targets import Skip, Target

# What `aws s3api list-objects-v2` prints of an empty bucket, with nothing else.
_OF_AN_EMPTY_BUCKET = {"RequestCharged", "Prefix", "KeyCount"}


def parse_listing(text: str, bucket: str | None) -> dict[str, list[str]]:
    """Read a listing: s3:// URIs or keys, one a line, or the JSON of `aws s3api list-objects-v2`; keys by bucket.

    That JSON may say that the bucket is empty. An empty text says nothing: it is also what is left where the command
    that was to write it failed. Raises PurgemapError where the listing names no bucket and `bucket` is None, or is no
    listing.
    """
    keys_by_bucket: dict[str, list[str]] = defaultdict(list)
    start = text.lstrip()[:1]
    if start == "{" or (start == "[" and is_json(text)):  # a key may begin with a bracket, too
        keys_by_bucket[_named(bucket)] = list(_listed_keys(text))
        return keys_by_bucket
    for number, line in enumerate((line.removesuffix("\r") for line in text.split("\n")), 1):
        if line:
            of_bucket, key = _located(line, number) if line.startswith(SCHEME) else (_named(bucket), line)
            keys_by_bucket[of_bucket].append(key)
    return keys_by_bucket


def _located(uri: str, number: int) -> tuple[str, str]:
    try:
        return parse_s3_uri(uri)
    except PurgemapError as error:
        raise PurgemapError(f"line {number}: {error}") from None


def _named(bucket: str | None) -> str:
    if bucket is None:
        raise PurgemapError("the listing's keys belong to no one bucket of the changes; name it with --bucket")
    return bucket


def _listed_keys(text: str) -> Iterator[str]:
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _no_listing(str(error)) from None
    if not isinstance(answer, dict):
        raise _no_listing("it is a list; leave --query away")
    if "Contents" not in answer and not answer.keys() & _OF_AN_EMPTY_BUCKET:
        raise _no_listing("it has no Contents")
    if answer.get("IsTruncated") or answer.get("NextToken"):
        # What comes after the cut would count as not there.
        raise PurgemapError("the listing is cut short: make it without --max-items and --no-paginate")
    contents = answer.get("Contents", [])
    if not isinstance(contents, list):
        raise _no_listing("its Contents are no list")
    for entry in contents:
        if not isinstance(entry, dict) or not isinstance(entry.get("Key"), str):
            raise _no_listing("an entry of its Contents has no Key")
        yield entry["Key"]


def _no_listing(reason: str) -> PurgemapError:
    return PurgemapError(f"the listing is no JSON of `aws s3api list-objects-v2`: {reason}")


def listings_of(
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


def unlisted_buckets(routes: Routes, distributions: Container[str], listed: Container[str]) -> list[tuple[str, str]]:
    """Find the map's own buckets that aren't listed though they feed these distributions; pairs of bucket and id.

    What they hold counts as not there. Buckets that only a pattern of the map matches aren't known.
    """
    found = ((site.bucket, site.distribution.id) for site in sites_of(routes) if site.bucket in routes.buckets)
    return sorted({(bucket, each) for bucket, each in found if each in distributions and bucket not in listed})


def _listed_distributions(
    changed: Iterable[tuple[str, str]], listed_buckets: Container[str], router: Router
) -> set[str]:
    buckets_by_distribution: dict[str, set[str]] = defaultdict(set)
    for bucket, key in changed:
        for target in _serving(bucket, key, router):
            buckets_by_distribution[target.distribution.id].add(bucket)
    return {
        distribution
        for distribution, buckets in buckets_by_distribution.items()
        if all(bucket in listed_buckets for bucket in buckets)
    }


def _viewer_paths(bucket: str, key: str, router: Router) -> dict[str, set[str]]:
    paths: dict[str, set[str]] = defaultdict(set)
    for target in _serving(bucket, key, router):
        paths[target.distribution.id].update(viewer_paths(spellings(target, key)))
    return paths


def _serving(bucket: str, key: str, router: Router) -> Iterator[Target]:
    for target in router.bucket(bucket).matches(key):
        if not isinstance(target, Skip) and key.startswith(target.served):
            yield target
