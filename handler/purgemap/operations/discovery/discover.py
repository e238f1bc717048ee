"""The configurations of accounts → a map, or the part that another map lacks."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from purgemap.aws.inspection import AccountConfigs, NotRead
from purgemap.operations.discovery.distribution_routes import NO_S3_ORIGIN
from purgemap.operations.discovery.existing_map import ExistingMap
from purgemap.operations.discovery.map_part import MapPart
from purgemap.operations.discovery.map_text import MapEntry, format_map
from purgemap.operations.discovery.sites import list_sites
from purgemap.routemap import RouteMap, empty_map
from purgemap.text import pluralize


class Finding(NamedTuple):
    """A sentence about a distribution or an account."""

    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


class Discovery(NamedTuple):
    """A map, or a part of one; `text` is its YAML.

    `undecided` is what the configurations do not say, `left_out` the distributions without routes.
    """

    distributions: int
    buckets: int
    routes: tuple[Mapping[str, Any], ...]
    undecided: tuple[Finding, ...]
    left_out: tuple[Finding, ...]
    text: str

    def document(self) -> dict[str, Any]:
        """Return the JSON document of `purgemap discover --json`."""
        return {
            "distributions": self.distributions,
            "buckets": self.buckets,
            "routes": list(self.routes),
            "undecided": [finding._asdict() for finding in self.undecided],
            "map": self.text,
        }


def discover_map(accounts: Sequence[AccountConfigs], existing: RouteMap | None = None) -> Discovery:
    """Build the map of accounts, the function's own first. With an existing map, build what that one lacks."""
    all_sites = [site for account in accounts for site in list_sites(account)]
    served = [site for site in all_sites if site.routes]
    known = ExistingMap(existing or empty_map(), served)
    sites = known.lacking_sites(served) if existing else served
    part = MapPart(known, sites, {account.account: account.role_arn for account in accounts[1:]})
    routes = [MapEntry(part.route_settings(route), route.comments) for route in part.routes]
    buckets = {str(entry.settings["bucket"]) for entry in routes}
    left_out = tuple(Finding(site.label, site.reason) for site in all_sites if site.reason)
    about_accounts = [*_unread_accounts(accounts), *_needed_roles(part)]
    doubtful = [*sites, *(site for site in all_sites if site.reason)]
    header = [_summary(accounts, len(sites), len(buckets), existing), *map(str, about_accounts)]
    # A person who adds to a map has seen what was left out of it.
    header += [] if existing else _left_out_lines(left_out)
    return Discovery(
        len(sites),
        len(buckets),
        tuple(entry.settings for entry in routes),
        (*about_accounts, *(Finding(site.label, doubt) for site in doubtful for doubt in site.undecided)),
        left_out,
        format_map(header, part.list_entries(), routes),
    )


def _left_out_lines(left_out: Sequence[Finding]) -> Iterator[str]:
    others = sum(finding.message == NO_S3_ORIGIN for finding in left_out)
    if others:
        yield f"{pluralize(others, 'distribution')} without an S3 origin left out"
    yield from (f"left out: {finding}" for finding in left_out if finding.message != NO_S3_ORIGIN)


def _summary(accounts: Sequence[AccountConfigs], sites: int, buckets: int, existing: RouteMap | None) -> str:
    sizes = f"{pluralize(sites, 'distribution')} and {pluralize(buckets, 'bucket')}"
    numbers = ", ".join(account.account for account in accounts)
    places = f"account {numbers}" if len(accounts) == 1 else f"the accounts {numbers}"
    command = "purgemap discover --new" if existing else "purgemap discover"
    return f"{command}: {sizes} of {places}"


def _unread_accounts(accounts: Sequence[AccountConfigs]) -> Iterator[Finding]:
    for account in accounts:
        if isinstance(account.distributions, NotRead):
            yield Finding(f"account {account.account}", f"its distributions are {account.distributions}")


def _needed_roles(part: MapPart) -> Iterator[Finding]:
    for account, role_arn in part.needed_roles().items():
        yield Finding(f"account {account}", f"the function needs the role {role_arn}; the member stack creates it")
