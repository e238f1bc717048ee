"""Routes that differ in one folder only, and in distributions that are named after it: one route with a capture."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from purgemap.operations.discovery.discovered_route import DiscoveredRoute
from purgemap.routemap import Token, TokenKind

_CAPTURE = "{site}"
_NO_NAME = re.compile(r"[^A-Za-z0-9-]+")

NamesByRoute: TypeAlias = Mapping[DiscoveredRoute, Sequence[str]]
"""The routes, and the names of the distributions of each."""


class RouteShape(NamedTuple):
    """What routes share that differ in one folder; `prefix`, `origin_path` and `template` hold the capture."""

    route: DiscoveredRoute
    prefix: str
    origin_path: str
    template: str


def captured_routes(
    names_by_route: NamesByRoute, all_names: Collection[str]
) -> Iterator[tuple[DiscoveredRoute, RouteShape]]:
    """Yield routes with the shape that replaces them."""
    done: set[DiscoveredRoute] = set()
    for shape, routes_by_name in _group_by_shape(names_by_route):
        # Two folders of one prefix may be part of the name; each route is captured once.
        remaining = {name: route for name, route in routes_by_name.items() if route not in done}
        # A folder with the name of another distribution must not invalidate that one.
        if len(remaining) > 1 and _matching_names(shape.template, all_names) == set(remaining):
            done.update(remaining.values())
            yield from ((route, shape) for route in remaining.values())


def names_for_captures(names_by_route: NamesByRoute, all_names: Collection[str]) -> dict[str, str]:
    """Return other names for distributions that could be captured if no other name were like theirs.

    With sites/acme/ of acme.example.com and sites/shop/ of shop.example.com, a folder sites/www/ would also name
    www.example.com. So these sites become acme.example.com-sites and shop.example.com-sites.
    """
    renamed: dict[str, str] = {}
    for shape, routes_by_name in _group_by_shape(names_by_route):
        names = [name for name in routes_by_name if name not in renamed]
        suffix = _NO_NAME.sub("-", shape.prefix.partition(_CAPTURE)[0] or shape.route.bucket).strip("-")
        others = _matching_names(shape.template, all_names) - set(names)
        is_free = suffix and not _matching_names(f"{shape.template}-{suffix}", all_names)
        if len(names) > 1 and others and is_free:
            renamed |= {name: f"{name}-{suffix}" for name in names}
    return renamed


def _group_by_shape(names_by_route: NamesByRoute) -> list[tuple[RouteShape, dict[str, DiscoveredRoute]]]:
    """Group the routes of one distribution each by shape, the largest group first; a route may be in several."""
    members: defaultdict[RouteShape, dict[str, DiscoveredRoute]] = defaultdict(dict)
    for route, names in names_by_route.items():
        # A capture names one distribution, so routes of several stay as they are.
        if len(names) == 1:
            for shape in _shapes(route, names[0]):
                members[shape][names[0]] = route
    return sorted(members.items(), key=lambda entry: (-len(entry[1]), entry[0]))


def _shapes(route: DiscoveredRoute, name: str) -> Iterator[RouteShape]:
    """Yield the shapes of a route: one for each folder of its prefix that is a part of the distribution's name."""
    for number, folder in enumerate(route.prefix.split("/")[:-1]):
        if folder and folder in name:
            start, _, end = name.partition(folder)
            yield RouteShape(
                route._replace(prefix="", origin_path=""),
                _capture_folder(route.prefix, number),
                # An origin path starts with a slash, and may end before the folder.
                f"/{_capture_folder(route.origin_path[1:], number)}" if route.origin_path else "",
                f"{start}{_CAPTURE}{end}",
            )


def _capture_folder(path: str, number: int) -> str:
    folders = path.split("/")
    return "/".join(_CAPTURE if index == number else escape_pattern(text) for index, text in enumerate(folders))


def _matching_names(template: str, names: Iterable[str]) -> set[str]:
    start, _, end = template.partition(_CAPTURE)
    length = len(start) + len(end)
    return {name for name in names if name.startswith(start) and name.endswith(end) and len(name) > length}


def escape_pattern(text: str) -> str:
    """Return the pattern that matches a text only."""
    return Token(TokenKind.LITERAL, text).pattern if text else ""
