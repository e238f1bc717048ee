"""A map that discovery adds to: its names, roles and captures, and what it lacks."""

from collections.abc import Iterator, Mapping, Sequence

from purgemap.operations.discovery.lacking_routes import is_lacking
from purgemap.operations.discovery.sites import DiscoveredSite
from purgemap.routemap import (
    Pattern,
    RouteMap,
    capture_names,
    dump_row,
    is_distribution_name,
    load_routes,
    tokenize,
)
from purgemap.routing import Router, substitute_captures


class ExistingMap:
    """An existing map beside the sites of some accounts.

    `names` has a name for each site that the map names, or for which its captures require one: such a site needs a
    name only. `inherited` are the options that routes of a part would take over.
    """

    def __init__(self, route_map: RouteMap, sites: Sequence[DiscoveredSite]) -> None:
        self.route_map = route_map
        self.defined = frozenset(route_map.names_by_id)
        self.taken = [name for name, _ in route_map.distributions()]
        self.inherited = {option for _, entry in route_map.distributions() for option in entry.options}
        self.names = {id_: names[0] for id_, names in route_map.names_by_id.items()}
        for site in sites:
            # Any of these names brings the site under a route of the map; the first suffices.
            name = next(self._required_names(site), None)
            if site.id not in route_map.distributions_by_id and name:
                self.names[site.id] = name

    def lacking_sites(self, sites: Sequence[DiscoveredSite]) -> list[DiscoveredSite]:
        """Return the sites that the map lacks, each with the routes that it lacks."""
        router = Router(self._with_required_names())
        lacking = (
            site._replace(routes=tuple(route for route in site.routes if is_lacking(router, site.id, route)))
            for site in sites
        )
        return [site for site in lacking if site.routes or (site.id in self.names and site.id not in self.defined)]

    def role_of(self, account: str) -> str:
        """Return the role with which the map reaches distributions of an account, "" if it has none."""
        entries = (entry for _, entry in self.route_map.distributions() if entry.account == account)
        return next((entry.role_arn for entry in entries if entry.role_arn), "")

    def _required_names(self, site: DiscoveredSite) -> Iterator[str]:
        """Yield the names with which a capture of the map would select a site."""
        used = {*self.taken, *self.names.values()}
        for discovered in site.routes:
            for route in load_routes(self.route_map.buckets.get(discovered.bucket, "[]")):
                match = Pattern(route.prefix, full_match=False).match(discovered.prefix)
                captures = match.captures if match else {}
                names = (_fill(template, captures) for template in route.distributions)
                yield from (name for name in names if is_distribution_name(name) and name not in used)

    def _with_required_names(self) -> RouteMap:
        # Every distribution has the defaults of the map among its options.
        options = [entry.options for _, entry in self.route_map.distributions()] or [{}]
        shared = {name: value for name, value in options[0].items() if all(each.get(name) == value for each in options)}
        new = {
            name: dump_row({"id": id_, "options": shared})
            for id_, name in self.names.items()
            if id_ not in self.defined
        }
        document = self.route_map.document
        return RouteMap({**document, "distributions": {**document["distributions"], **new}})


def _fill(template: str, captures: Mapping[str, str]) -> str:
    """Return the name that a template gives for a prefix; "" without a capture, or with one of the bucket."""
    names = set(capture_names(tokenize(template)))
    return substitute_captures(template, captures) if names and names <= set(captures) else ""
