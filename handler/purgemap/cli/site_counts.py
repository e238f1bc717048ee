"""The folder counts of `purgemap build` and `purgemap deploy`, and the files that list buckets for them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path

import click

from purgemap.cli.change_input import read_text
from purgemap.cli.options import bucket_name, file_name
from purgemap.errors import PurgemapError
from purgemap.operations import count_folders, is_bucket_in_map, suggest_bucket
from purgemap.operations.inputs import parse_listing, prefix_errors_with
from purgemap.planning import FolderCounts
from purgemap.routemap import RouteMap

listing_option = click.option(
    "--listing",
    "listings",
    metavar="[BUCKET=]FILE",
    type=file_name,
    multiple=True,
    help="A bucket's keys, as for `plan`: the function plans with the objects of each folder. May be repeated.",
)

_NAMED = re.compile(r"([^=/]+)=(.+)", re.DOTALL)


def count_listings(listings: Iterable[str], route_map: RouteMap) -> dict[str, FolderCounts]:
    """Count the objects in the folders of each bucket that files list; raises PurgemapError for another map's."""
    parts_by_bucket: dict[str, list[Sequence[str]]] = {}
    for listing in listings:
        for bucket, keys in _read_listing(listing, route_map).items():
            parts_by_bucket.setdefault(bucket, []).append(keys)
    return {bucket: count_folders(chain.from_iterable(parts)) for bucket, parts in parts_by_bucket.items()}


def _read_listing(listing: str, route_map: RouteMap) -> Mapping[str, Sequence[str]]:
    """Read the keys of a listing by bucket."""
    named = None if Path(listing).exists() else _NAMED.fullmatch(listing)
    bucket, file = (bucket_name(named[1]), named[2]) if named else (_only_bucket(route_map), listing)
    text = read_text(file)
    with prefix_errors_with(file):
        keys_by_bucket = parse_listing(text, bucket)
        for name in keys_by_bucket:
            if not name:
                raise PurgemapError(f"the listing names no bucket; write --listing BUCKET={file}")
            if not is_bucket_in_map(name, route_map):
                raise PurgemapError(f"the map has no bucket {name}{suggest_bucket(name, route_map)}")
    return keys_by_bucket


def _only_bucket(route_map: RouteMap) -> str:
    """Return the map's only bucket, "" if there may be several."""
    return next(iter(route_map.buckets)) if len(route_map.buckets) == 1 and not route_map.patterns else ""
