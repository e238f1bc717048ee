"""The distributions and tenants of an account, with their routes; those without any, and why."""

from collections.abc import Iterator
from typing import NamedTuple

from purgemap.aws.inspection import AccountConfigs, CloudFrontDistribution, NotRead
from purgemap.operations.discovery.discovered_route import DiscoveredRoute
from purgemap.operations.discovery.distribution_routes import build_distribution_routes
from purgemap.routemap import TENANT


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
        routes, undecided, reason = build_distribution_routes(account, distribution)
        # An alias can move to another distribution, CloudFront's own domain cannot.
        domains = tuple(filter(None, (*distribution.aliases, distribution.domain)))
        site = DiscoveredSite(
            distribution.id, account.account, domains, distribution.comment, routes, undecided, reason
        )
        # CloudFront serves and invalidates a multi-tenant distribution through its tenants only:
        # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/distribution-config-options.html
        if distribution.is_tenant_only and not reason:
            yield from _list_tenants(account, distribution, site)
        else:
            yield site


def _list_tenants(
    account: AccountConfigs, distribution: CloudFrontDistribution, site: DiscoveredSite
) -> Iterator[DiscoveredSite]:
    if isinstance(account.tenants, NotRead):
        yield site._replace(routes=(), reason=f"its tenants are {account.tenants}")
        return
    tenants = [tenant for tenant in account.tenants if tenant.distribution == distribution.id and tenant.is_enabled]
    if not tenants:
        yield site._replace(routes=(), reason="no enabled tenant")
    for tenant in tenants:
        yield site._replace(id=f"{TENANT}{tenant.id}", domains=(*tenant.domains, tenant.name), comment="")
