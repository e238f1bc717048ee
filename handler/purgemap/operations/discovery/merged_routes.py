"""Routes of all distributions → routes of the map: equal ones become one, and regular names become a capture."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from purgemap.operations.discovery.discovered_route import DiscoveredRoute
from purgemap.routemap import Token, TokenKind

_CAPTURE = "{site}"


class MergedRoute(NamedTuple):
    """A route of the map; `prefix` and `origin_path` are patterns. Its distributions resolve to `names`."""

    route: DiscoveredRoute
    prefix: str
    origin_path: str
    distributions: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def comments(self) -> tuple[str, ...]:
        """The lines of the route's comment."""
        return (self.route.note,) if self.route.note else ()


class _Shape(NamedTuple):
    """What routes share that differ only in one folder, and in the distribution that is named after it."""

    route: DiscoveredRoute
    prefix: str
    origin_path: str
    template: str


def merge_routes(routes: Iterable[tuple[str, DiscoveredRoute]], taken: Collection[str] = ()) -> list[MergedRoute]:
    """Merge the routes, each with the name of its distribution; `taken` are further names of the map."""
    names_by_route: dict[DiscoveredRoute, list[str]] = {}
    for name, route in routes:
        names_by_route.setdefault(route, []).append(name)
    all_names = {name for names in names_by_route.values() for name in names} | set(taken)
    captured = dict(_captured_routes(names_by_route, all_names))
    merged = dict.fromkeys(captured.get(route) or _plain_route(route, names) for route, names in names_by_route.items())
    return sorted(merged, key=_order)


def _order(merged: MergedRoute) -> tuple[object, ...]:
    return (merged.route.bucket, merged.prefix, merged.route.note != "", merged.distributions, merged.route[3:])


def _plain_route(route: DiscoveredRoute, names: Sequence[str]) -> MergedRoute:
    distributions = tuple(sorted(set(names)))
    return MergedRoute(route, _escape(route.prefix), _escape(route.origin_path), distributions, distributions)


def _captured_routes(
    names_by_route: Mapping[DiscoveredRoute, Sequence[str]], all_names: Collection[str]
) -> Iterator[tuple[DiscoveredRoute, MergedRoute]]:
    """Yield routes of which several differ in one folder only, each with the route that replaces them."""
    members: defaultdict[_Shape, dict[str, DiscoveredRoute]] = defaultdict(dict)
    for route, names in names_by_route.items():
        if len(names) == 1:
            for shape in _shapes(route, names[0]):
                members[shape][names[0]] = route
    done: set[DiscoveredRoute] = set()
    # The shape with the most routes first: a route takes part in one.
    for shape, routes_by_name in sorted(members.items(), key=lambda entry: (-len(entry[1]), entry[0].template)):
        remaining = {name: route for name, route in routes_by_name.items() if route not in done}
        # A folder with the name of another distribution must not invalidate that one.
        if len(remaining) > 1 and _matching_names(shape.template, all_names) == set(remaining):
            names = tuple(sorted(remaining))
            merged = MergedRoute(shape.route, shape.prefix, shape.origin_path, (shape.template,), names)
            done.update(remaining.values())
            yield from ((route, merged) for route in remaining.values())


def _shapes(route: DiscoveredRoute, name: str) -> Iterator[_Shape]:
    """Yield the shapes of a route: one for each folder of its prefix that is a part of the distribution's name."""
    for number, folder in enumerate(route.prefix.split("/")[:-1]):
        if folder and folder in name:
            start, _, end = name.partition(folder)
            yield _Shape(
                route._replace(prefix="", origin_path=""),
                _capture_folder(route.prefix, number),
                # An origin path starts with a slash, and may end before the folder.
                f"/{_capture_folder(route.origin_path[1:], number)}" if route.origin_path else "",
                f"{start}{_CAPTURE}{end}",
            )


def _capture_folder(path: str, number: int) -> str:
    return "/".join(_CAPTURE if index == number else _escape(folder) for index, folder in enumerate(path.split("/")))


def _matching_names(template: str, names: Iterable[str]) -> set[str]:
    start, _, end = template.partition(_CAPTURE)
    length = len(start) + len(end)
    return {name for name in names if name.startswith(start) and name.endswith(end) and len(name) > length}


def _escape(text: str) -> str:
    return Token(TokenKind.LITERAL, text).pattern if text else ""
