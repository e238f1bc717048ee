"""The distributions and tenants of an account, with their routes; those without any, and why."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from purgemap.aws.inspection import (
    AccountConfigs,
    CloudFrontDistribution,
    CloudFrontTenant,
    NotRead,
    parse_origin_domain,
)
from purgemap.operations.discovery.discovered_route import DiscoveredRoute
from purgemap.operations.discovery.distribution_routes import build_distribution_routes
from purgemap.routemap import TENANT

_PARAMETER = re.compile(r"\{\{\s*(?P<name>[^{}\s]+)\s*\}\}")


class DiscoveredSite(NamedTuple):
    """A distribution or tenant, its routes, and a sentence for each doubt; without routes, `reason` says why.

    `id` is the one of the map, `tenant:…` for a tenant. `domains` are its aliases, and last CloudFront's own domain or
    the tenant's name.
    """

    id: str
    account: str
    domains: tuple[str, ...]
    comment: str
    routes: tuple[DiscoveredRoute, ...]
    undecided: tuple[str, ...]
    reason: str = ""

    @property
    def label(self) -> str:
        """The id with its first domain."""
        return f"{self.id} ({self.domains[0]})" if self.domains else self.id


def list_sites(account: AccountConfigs) -> Iterator[DiscoveredSite]:
    """Yield the distributions of an account; in place of a multi-tenant one its tenants."""
    if isinstance(account.distributions, NotRead):
        return
    for distribution in account.distributions:
        # CloudFront serves and invalidates a multi-tenant distribution through its tenants only:
        # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/distribution-config-options.html
        if distribution.is_tenant_only and distribution.is_enabled:
            yield from _list_tenants(account, distribution)
        else:
            yield _site(account, distribution)


def _site(account: AccountConfigs, distribution: CloudFrontDistribution) -> DiscoveredSite:
    routes, undecided, reason = build_distribution_routes(account, distribution)
    # An alias can move to another distribution, CloudFront's own domain cannot.
    domains = tuple(filter(None, (*distribution.aliases, distribution.domain)))
    return DiscoveredSite(distribution.id, account.account, domains, distribution.comment, routes, undecided, reason)


def _list_tenants(account: AccountConfigs, distribution: CloudFrontDistribution) -> Iterator[DiscoveredSite]:
    tenants = () if isinstance(account.tenants, NotRead) else account.tenants
    own = [tenant for tenant in tenants if tenant.distribution == distribution.id and tenant.is_enabled]
    if not own:
        reason = f"its tenants are {account.tenants}" if isinstance(account.tenants, NotRead) else "no enabled tenant"
        yield _site(account, distribution)._replace(routes=(), reason=reason)
    for tenant in own:
        site = _site(account, fill_parameters(distribution, tenant))
        if isinstance(tenant.parameters, NotRead):
            site = site._replace(undecided=(*site.undecided, f"the tenant's parameters are {tenant.parameters}"))
        yield site._replace(id=f"{TENANT}{tenant.id}", domains=(*tenant.domains, tenant.name), comment="")


def fill_parameters(distribution: CloudFrontDistribution, tenant: CloudFrontTenant) -> CloudFrontDistribution:
    """Return the distribution as a tenant has it; a parameter without a value stays."""
    own = {} if isinstance(tenant.parameters, NotRead) else tenant.parameters
    values = {**distribution.defaults, **own}

    def fill(text: str) -> str:
        return _PARAMETER.sub(lambda match: values.get(match["name"], match[0]), text)

    origins = []
    for origin in distribution.origins:
        domain = fill(origin.domain)
        origins.append(origin._replace(domain=domain, path=fill(origin.path), target=parse_origin_domain(domain)))
    return distribution._replace(origins=tuple(origins))
