"""The folder counts of `purgemap build` and `purgemap deploy`, and the files that list buckets for them."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain
from pathlib import Path
from threading import Event
from typing import Any, TypeVar

import click
from rich.console import Console

from purgemap.cli.change_input import read_text
from purgemap.cli.completion import bucket_name, file_name
from purgemap.cli.terminal import Terminal
from purgemap.deployment.package import FunctionPackage
from purgemap.deployment.stack import connect, find_buckets, list_pages
from purgemap.errors import PurgemapError
from purgemap.operations import compile_folder_counts, count_folders, is_bucket_in_map, suggest_bucket
from purgemap.operations.inputs import parse_listing, prefix_errors_with
from purgemap.planning import FolderCounts
from purgemap.routemap import RouteMap
from purgemap.text import pluralize

_Command = TypeVar("_Command", bound=Callable[..., Any])

listing_option = click.option(
    "--listing",
    "listings",
    metavar="[BUCKET=]FILE",
    type=file_name,
    multiple=True,
    help="A bucket's keys, as for `plan`: the function plans with the objects of each folder. May be repeated.",
)

Package = Callable[[RouteMap, Mapping[str, FolderCounts]], FunctionPackage]
"""Packages the function with a map and folder counts."""

# As many as urllib3 keeps connections for.
_MAX_LISTED_AT_ONCE = 8

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


def listing_options(command: _Command) -> _Command:
    """Add the options of `count_and_package`."""
    opt_out = "List no bucket; without counts the function guesses what a wildcard evicts."
    return listing_option(click.option("--no-listing", is_flag=True, help=opt_out)(command))


def count_and_package(
    package: Package, listings: Iterable[str], *, lists_buckets: bool
) -> Callable[[RouteMap], FunctionPackage]:
    """Return a function that counts the objects of a map's buckets, then packages the function.

    Listings in files replace those by AWS. It prints a line for each bucket that cannot be listed: then plans for its
    distributions are made without counts.
    """

    def counting_package(route_map: RouteMap) -> FunctionPackage:
        stderr = Terminal(stderr=True)
        return package(route_map, _count_sites(route_map, listings, lists_buckets=lists_buckets, stderr=stderr))

    return counting_package


def _count_sites(
    route_map: RouteMap, listings: Iterable[str], *, lists_buckets: bool, stderr: Console
) -> dict[str, FolderCounts]:
    """Return the folder counts of distributions by id."""
    counts = count_listings(listings, route_map)
    if lists_buckets:
        s3 = connect().s3
        warn = partial(stderr.print, style="yellow", markup=False)
        buckets = [bucket for bucket in find_buckets(s3, route_map, warn) if bucket not in counts]
        counts |= _count_listed(s3, buckets, warn, stderr)
    return compile_folder_counts(route_map, counts)


def _count_listed(
    s3: Any, buckets: Sequence[str], warn: Callable[[str], None], stderr: Console
) -> dict[str, FolderCounts]:
    """List and count buckets, several at a time."""
    stopped = Event()
    listed = 0

    def keys_of(bucket: str) -> Iterator[str]:
        nonlocal listed
        for page in list_pages(s3, bucket):
            if stopped.is_set():
                return
            listed += len(page)
            status.update(f"listing buckets: {pluralize(listed, 'object')}")
            yield from page

    def count(bucket: str) -> FolderCounts | PurgemapError:
        try:
            return count_folders(keys_of(bucket))
        except PurgemapError as error:
            return error

    with stderr.status("listing buckets") as status, ThreadPoolExecutor(_MAX_LISTED_AT_ONCE) as pool:
        try:
            results = dict(zip(buckets, pool.map(count, buckets), strict=True))
        except KeyboardInterrupt:
            # The pool waits for its threads, which could go on for minutes.
            stopped.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    counts = {bucket: result for bucket, result in results.items() if not isinstance(result, PurgemapError)}
    for result in results.values():
        if isinstance(result, PurgemapError):
            warn(f"{result}; plans estimate what they evict of it")
    if counts:
        stderr.print(f"listed {pluralize(len(counts), 'bucket')}: {pluralize(listed, 'object')}")
    return counts
