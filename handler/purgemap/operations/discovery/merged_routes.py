"""Routes of all distributions → routes of the map: equal ones become one, and regular names become a capture."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from purgemap.operations.discovery.captures import NamesByRoute, captured_routes, escape_pattern, names_for_captures
from purgemap.operations.discovery.discovered_route import DiscoveredRoute


class MergedRoute(NamedTuple):
    """A route of the map; `prefix`, `origin_path` and `distributions` may hold a capture."""

    route: DiscoveredRoute
    prefix: str
    origin_path: str
    distributions: tuple[str, ...]

    @property
    def comments(self) -> tuple[str, ...]:
        """The lines of the route's comment."""
        return (self.route.note,) if self.route.note else ()


class MergedRoutes(NamedTuple):
    """The routes of a map, and the new names of distributions that a capture needs."""

    routes: list[MergedRoute]
    renamed: Mapping[str, str]


def merge_routes(routes: Iterable[tuple[str, DiscoveredRoute]], taken: Collection[str] = ()) -> MergedRoutes:
    """Merge the routes, each with the name of its distribution. Names of `taken`, also unused ones, are kept."""
    names_by_route: dict[DiscoveredRoute, list[str]] = {}
    for name, route in routes:
        names_by_route.setdefault(route, []).append(name)
    all_names = {name for names in names_by_route.values() for name in names} | set(taken)
    # Pipelines and people use the names of a map in service.
    renamable = {route: names for route, names in names_by_route.items() if not set(taken).intersection(names)}
    renamed = names_for_captures(renamable, all_names)
    final = {route: [renamed.get(name, name) for name in names] for route, names in names_by_route.items()}
    all_names = {renamed.get(name, name) for name in all_names}
    return MergedRoutes(sorted(set(_merge(final, all_names)), key=_order), renamed)


def _merge(names_by_route: NamesByRoute, all_names: Collection[str]) -> Iterable[MergedRoute]:
    shapes = dict(captured_routes(names_by_route, all_names))
    for route, names in names_by_route.items():
        shape = shapes.get(route)
        if shape:
            yield MergedRoute(shape.route, shape.prefix, shape.origin_path, (shape.template,))
        else:
            yield _plain_route(route, names)


def _plain_route(route: DiscoveredRoute, names: Sequence[str]) -> MergedRoute:
    prefix, origin_path = escape_pattern(route.prefix), escape_pattern(route.origin_path)
    return MergedRoute(route, prefix, origin_path, tuple(sorted(set(names))))


def _order(merged: MergedRoute) -> tuple[object, ...]:
    # The same order in every run, so that two runs can be compared; a bucket's routes stand together.
    return (merged.route.bucket, merged.prefix, merged.route.note != "", merged.distributions, merged.route[3:])
