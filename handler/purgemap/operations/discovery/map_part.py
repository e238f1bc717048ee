"""The distributions and routes of a map, or of a part that is added to an existing map."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from purgemap.operations.discovery.existing_map import ExistingMap
from purgemap.operations.discovery.map_text import MapEntry
from purgemap.operations.discovery.merged_routes import MergedRoute, merge_routes
from purgemap.operations.discovery.names import choose_names
from purgemap.operations.discovery.sites import DiscoveredSite
from purgemap.routemap import TENANT, Distribution, Settings

_BUILT_IN = Settings()
_CONNECTION = ("role_arn", "external_id", "max_paths", "max_wildcards", "max_paths_per_day")


class MapPart:
    """The sites of a part; their names and roles are those of the existing map, if it has them.

    `role_arns` are those with which the accounts were read, but the function's own.
    """

    def __init__(self, existing: ExistingMap, sites: Sequence[DiscoveredSite], role_arns: Mapping[str, str]) -> None:
        self._existing = existing
        self._sites = sites
        self._role_arns = role_arns
        unnamed = {site.id: site.domains for site in sites if site.id not in existing.names}
        taken = [*existing.taken, *existing.names.values()]
        names = choose_names(unnamed, taken) | existing.names
        merged = merge_routes(((names[site.id], route) for site in sites for route in site.routes), taken)
        self.routes = merged.routes
        self._names = {id_: merged.renamed.get(name, name) for id_, name in names.items()}

    def route_settings(self, merged: MergedRoute) -> dict[str, Any]:
        """Return a route's settings as the map has them; built-in values only where others would be inherited."""
        route = merged.route
        options = {
            "origin_path": merged.origin_path,
            "include": route.include,
            "exclude": route.exclude,
            "index_documents": route.index_documents,
            "clean_urls": route.clean_urls,
            "query_strings": route.query_strings,
            "invalidate": route.invalidate,
        }
        written = {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in options.items()
            if value != getattr(_BUILT_IN, name) or name in self._existing.inherited
        }
        # In the order of config/README.md, which is how people read a route.
        prefix = {"prefix": merged.prefix} if merged.prefix else {}
        return {"bucket": route.bucket, **prefix, "distributions": list(merged.distributions), **written}

    def list_entries(self) -> list[MapEntry]:
        """List the distributions that the part has to define, by name."""
        entries = (
            MapEntry(self._connection(site), tuple(_comments(site, self._names[site.id])), self._names[site.id])
            for site in self._sites
            if site.id not in self._existing.defined
        )
        return sorted(entries, key=lambda entry: entry.name)

    def _connection(self, site: DiscoveredSite) -> dict[str, Any]:
        is_tenant = site.id.startswith(TENANT)
        identity = {"tenant": site.id.removeprefix(TENANT)} if is_tenant else {"id": site.id}
        known = self._existing.route_map.distributions_by_id.get(site.id)
        if known is None:
            role_arn = self.role_of(site.account)
            return identity | ({"role_arn": role_arn} if role_arn else {})
        # An id that the map uses without a name: all mentions of it must agree.
        built_in = Distribution(site.id)
        values = {name: getattr(known, name) for name in _CONNECTION}
        return identity | {name: value for name, value in values.items() if value != getattr(built_in, name)}

    def role_of(self, account: str) -> str:
        """Return the role with which the function invalidates in an account, "" for its own account."""
        reader = self._role_arns.get(account)
        if reader is None:
            return ""
        # The reader's role may do more than the function needs; the member stack creates the one of this name.
        return self._existing.role_of(account) or f"{reader.partition(':role/')[0]}:role/purgemap"

    def needed_roles(self) -> dict[str, str]:
        """Return the roles of other accounts that the part names, by account."""
        accounts = sorted({site.account for site in self._sites})
        return {account: role for account in accounts if (role := self.role_of(account))}


def _comments(site: DiscoveredSite, name: str) -> Iterator[str]:
    if site.comment and site.comment not in {name, *site.domains}:
        yield site.comment
    # The last domain is CloudFront's own.
    if len(site.domains) > 1 and set(site.domains[:-1]) != {name}:
        yield f"aliases: {', '.join(site.domains[:-1])}"
    for doubt in site.undecided:
        yield f"not decided: {doubt}"
