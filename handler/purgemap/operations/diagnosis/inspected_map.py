"""A map beside what AWS has: the configurations of its distributions, and the states of its buckets."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from purgemap.aws.inspection import (
    PARAMETER,
    AccountConfigs,
    BucketState,
    CloudFrontDistribution,
    CloudFrontTenant,
    NotRead,
    OriginConfig,
    OriginKind,
)
from purgemap.operations.discovery.sites import fill_parameters
from purgemap.operations.silenced_warnings import SilencedWarnings
from purgemap.routemap import TENANT, Distribution, Pattern, Route, RouteMap
from purgemap.routemap.sites import Site, list_routes, list_sites
from purgemap.routing import Router

_BUCKET_KINDS = (OriginKind.REST, OriginKind.WEBSITE)


class MapInspection(NamedTuple):
    """What AWS has: configurations by account, the caller's `own` among them, and the buckets by name.

    An account without a role to read it has no entry.
    """

    own: str
    accounts: Mapping[str, AccountConfigs]
    buckets: Mapping[str, BucketState]


class DistributionCase(NamedTuple):
    """A distribution of the map that exists, with the sites that it serves.

    A tenant, else None, has its distribution's config, with the values of its parameters.
    """

    distribution: Distribution
    where: str
    config: CloudFrontDistribution
    account: AccountConfigs
    sites: tuple[Site, ...]
    tenant: CloudFrontTenant | None = None

    def bucket_origins(self) -> tuple[OriginConfig, ...]:
        """List the origins that are buckets; a path with a parameter that has no value can't be compared."""
        origins = (origin for origin in self.config.origins if PARAMETER not in origin.path)
        return tuple(origin for origin in origins if origin.target.kind in _BUCKET_KINDS)

    def has_unknown_bucket(self) -> bool:
        """Return whether an origin is S3 behind a name that does not say the bucket, as an access point's."""
        return any(
            origin.target.kind is OriginKind.UNDECIDABLE or PARAMETER in origin.path for origin in self.config.origins
        )


# Without slots, which cached properties can't have: hundreds of checks share the lists.
@dataclass(frozen=True)
class InspectedMap:
    """A map, what AWS has of it, and the warnings that it silences."""

    route_map: RouteMap
    inspection: MapInspection
    silenced: SilencedWarnings

    @cached_property
    def sites(self) -> tuple[Site, ...]:
        """The sites of the map."""
        return tuple(list_sites(self.route_map))

    @cached_property
    def router(self) -> Router:
        """The router of the map, which takes long to build for thousands of patterns."""
        return Router(self.route_map)

    @cached_property
    def sites_by_distribution(self) -> Mapping[str, tuple[Site, ...]]:
        """The sites of each distribution, by its id."""
        sites: dict[str, list[Site]] = {}
        for site in self.sites:
            sites.setdefault(site.distribution.id, []).append(site)
        return {id_: tuple(group) for id_, group in sites.items()}

    @cached_property
    def routes_by_name(self) -> Mapping[str, Route]:
        """The routes of the map, each with its own options only."""
        return {route.name: route for _, route in list_routes(self.route_map)}

    def account_of(self, distribution: Distribution) -> str:
        """Return the number of the account that owns a distribution."""
        return distribution.account or self.inspection.own

    def where(self, distribution: Distribution) -> str:
        """Name a distribution, with its account if that is not the caller's own."""
        label = self.route_map.label(distribution.id)
        return f"{label} in account {distribution.account}" if distribution.account else label

    def configs(self, distribution: Distribution) -> AccountConfigs | None:
        """Return the configurations of a distribution's account, None if no role reads it."""
        return self.inspection.accounts.get(self.account_of(distribution))

    @cached_property
    def cases(self) -> tuple[DistributionCase, ...]:
        """The distributions of the map that exist, by id."""
        return tuple(self._build_cases())

    def _build_cases(self) -> Iterator[DistributionCase]:
        configs_by_id = {
            account: {config.id: config for config in listed(configs.distributions)}
            for account, configs in self.inspection.accounts.items()
        }
        for id_, distribution in sorted(self.route_map.distributions_by_id.items()):
            account = self.configs(distribution)
            if account is None:
                continue
            tenant = next((tenant for tenant in tenants_of(account) if f"{TENANT}{tenant.id}" == id_), None)
            config = configs_by_id[account.account].get(tenant.distribution if tenant else id_)
            if config is not None:
                config = fill_parameters(config, tenant) if tenant else config
                sites = self.sites_by_distribution.get(id_, ())
                yield DistributionCase(distribution, self.where(distribution), config, account, sites, tenant)


def tenants_of(account: AccountConfigs) -> tuple[CloudFrontTenant, ...]:
    """Return an account's tenants, none if they could not be read."""
    return () if isinstance(account.tenants, NotRead) else account.tenants


def listed(distributions: tuple[CloudFrontDistribution, ...] | NotRead) -> tuple[CloudFrontDistribution, ...]:
    """Return an account's distributions, none if they could not be read."""
    return () if isinstance(distributions, NotRead) else distributions


def feeds(site: Site, origin: OriginConfig) -> bool:
    """Return whether the bucket of a site is an origin's, whatever the origin path is."""
    return origin.target.kind in _BUCKET_KINDS and matches(site.bucket, origin.target.bucket)


def feeds_exactly(site: Site, origin: OriginConfig) -> bool:
    """Return whether a site has the bucket and the origin path of an origin."""
    return feeds(site, origin) and matches(site.settings.origin_path, origin.path)


def matches(pattern: str, text: str) -> bool:
    """Return whether a bucket or an origin path of the map, which may have captures, is a text of AWS."""
    # Most maps have no captures here, and comparing is a hundred times faster than compiling a pattern.
    return pattern == text or Pattern(pattern, full_match=True).match(text) is not None
