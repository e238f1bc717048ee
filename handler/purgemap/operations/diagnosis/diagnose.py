"""Inspect what a map names, and diagnose it: every check, in the order of the report."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NamedTuple

from purgemap.aws.inspection import (
    MAX_CONCURRENT_READS,
    AccountConfigs,
    Accounts,
    BucketConfig,
    BucketState,
    CloudFrontReader,
    OnRead,
    enable_event_bridge,
    read_bucket,
)
from purgemap.errors import PurgemapError
from purgemap.operations.diagnosis import buckets, caching, distributions, origins
from purgemap.operations.diagnosis.findings import DoctorFinding, merge_not_checked
from purgemap.operations.diagnosis.inspected_map import DistributionCase, InspectedMap, MapInspection, listed
from purgemap.operations.silenced_warnings import SilencedWarnings
from purgemap.routemap import Pattern, RouteMap, TokenKind, tokenize
from purgemap.routemap.sites import list_sites

# What is missing first: the other findings of a run may be its consequences.
_MAP_CHECKS: Sequence[Callable[[InspectedMap], Iterable[DoctorFinding]]] = (
    distributions.check_accounts,
    distributions.check_existence,
    distributions.check_names,
    buckets.check_buckets,
)
_DISTRIBUTION_CHECKS: Sequence[Callable[[InspectedMap, DistributionCase], Iterable[DoctorFinding]]] = (
    distributions.check_disabled,
    distributions.check_tenant_only,
    distributions.check_tenant_parameters,
    origins.check_buckets_are_origins,
    origins.check_origin_paths,
    origins.check_origins_are_routed,
    caching.check_rewrites,
    caching.check_query_strings,
    caching.check_root_object,
    caching.check_website_index,
    caching.check_error_pages,
    caching.check_tags,
)


def _ignore(_done: int, _total: int) -> None:
    """Show no progress."""


def inspect_map(route_map: RouteMap, accounts: Accounts, on_read: OnRead = _ignore) -> MapInspection:
    """Read the accounts that own the map's distributions, then the map's buckets; `on_read` receives each progress."""
    # An account's list is read once, whatever the number of its distributions in the map: a lookup by id would need a
    # call for each, and could not name the distribution that a wrong id means.
    owners = {distribution.account or accounts.own for distribution in route_map.distributions_by_id.values()}
    reader = CloudFrontReader(accounts, on_read)
    configs = {account: reader.read_account(account) for account in sorted(owners & accounts.role_arns.keys())}
    return MapInspection(
        accounts.own, configs, _read_buckets(_bucket_names(route_map, configs.values()), accounts, on_read)
    )


def _bucket_names(route_map: RouteMap, accounts: Iterable[AccountConfigs]) -> list[str]:
    """List the map's buckets: by their names, and those origins that match a pattern."""
    sites = {site.bucket for site in list_sites(route_map)} | route_map.buckets.keys()
    # A pattern names no bucket, and listing all buckets would need one more permission in each account.
    names = {name for name in sites if all(token.kind is TokenKind.LITERAL for token in tokenize(name))}
    patterns = [Pattern(pattern, full_match=True) for pattern, _ in route_map.patterns]
    routed = route_map.distributions_by_id.keys()
    for config in (config for account in accounts for config in listed(account.distributions)):
        origins_of_map = config.origins if config.id in routed else ()
        names |= {
            origin.target.bucket
            for origin in origins_of_map
            if origin.target.bucket and any(pattern.match(origin.target.bucket) for pattern in patterns)
        }
    return sorted(names)


def _read_buckets(names: Sequence[str], accounts: Accounts, on_read: OnRead = _ignore) -> dict[str, BucketState]:
    states: dict[str, BucketState] = {}
    with ThreadPoolExecutor(MAX_CONCURRENT_READS) as pool:
        for name, state in zip(names, pool.map(partial(read_bucket, accounts), names), strict=True):
            states[name] = state
            on_read(len(states), len(names))
    return states


def diagnose_map(
    route_map: RouteMap, inspection: MapInspection, silenced: SilencedWarnings | None = None
) -> tuple[DoctorFinding, ...]:
    """Compare a map with the distributions and buckets that exist; the stack is not looked at."""
    return tuple(merge_not_checked(_run_checks(InspectedMap(route_map, inspection, silenced or SilencedWarnings()))))


def _run_checks(inspected: InspectedMap) -> Iterator[DoctorFinding]:
    for check in _MAP_CHECKS:
        yield from check(inspected)
    for case in inspected.cases:
        for check_distribution in _DISTRIBUTION_CHECKS:
            yield from check_distribution(inspected, case)


def silent_buckets(inspection: MapInspection) -> list[BucketConfig]:
    """List the buckets that exist and send no events to EventBridge."""
    return [
        bucket
        for bucket in inspection.buckets.values()
        if isinstance(bucket, BucketConfig) and bucket.sends_to_event_bridge is False
    ]


class SwitchedBucket(NamedTuple):
    """A bucket whose events to EventBridge were switched on, or the reason why not."""

    name: str
    error: str = ""


def enable_notifications(accounts: Accounts, inspection: MapInspection) -> Iterator[SwitchedBucket]:
    """Switch the events of the map's buckets on, one after another, and keep their other notifications."""
    # One after another, so that a caller can print each change before the next one.
    for bucket in silent_buckets(inspection):
        try:
            enable_event_bridge(accounts, bucket)
            yield SwitchedBucket(bucket.name)
        except PurgemapError as error:
            # The next bucket may be of another account, with other permissions.
            yield SwitchedBucket(bucket.name, str(error))


def read_again(accounts: Accounts, inspection: MapInspection, buckets: Sequence[str]) -> MapInspection:
    """Read some buckets again, after a change."""
    return inspection._replace(buckets={**inspection.buckets, **_read_buckets(buckets, accounts)})
