"""List the sites of a map: each bucket and prefix with a distribution that has its objects.

A route whose distributions are captures has one site for each name of the map that the captures can form. This is a
package of its own so that a function without a ledger, which imports the face of routemap, starts without it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from purgemap.routemap.compiled import (
    Distribution,
    Route,
    RouteMap,
    Settings,
    is_distribution_name,
    load_routes,
    load_settings,
)
from purgemap.routemap.patterns import Pattern, Token, TokenKind, capture_names, tokenize


@dataclass(frozen=True, slots=True)
class Site:
    """One route for one distribution. In its bucket, prefix and origin path the known captures are substituted.

    `label` is the distribution's id with its names. `accounts` may own the bucket; empty: any account.
    """

    route: str
    bucket: str
    prefix: str
    distribution: Distribution
    settings: Settings
    label: str = field(compare=False)
    captures: Mapping[str, str] = field(default_factory=dict, compare=False)
    accounts: tuple[str, ...] = field(default=(), compare=False)

    def __str__(self) -> str:
        return f"{self.place} → {self.label}"

    @property
    def place(self) -> str:
        """The bucket and prefix of the site's objects, as patterns of the map."""
        return f"{self.bucket}/{self.prefix}" if self.prefix else self.bucket


def list_sites(route_map: RouteMap) -> list[Site]:
    """List the sites of a map, bucket by bucket."""
    return [site for bucket, route in list_routes(route_map) for site in _route_sites(route_map, bucket, route)]


def list_routes(route_map: RouteMap) -> Iterator[tuple[str, Route]]:
    """Yield each route of a map with its bucket."""
    for bucket, row in (*route_map.buckets.items(), *route_map.patterns):
        for route in load_routes(row):
            yield bucket, route


def list_route_distributions(route_map: RouteMap) -> Iterator[tuple[str, Route, Distribution, Settings]]:
    """Yield each route as the map has it, with its bucket, each of its distributions, and the settings for that.

    Unlike sites, routes keep their captures: one route may have a thousand sites.
    """
    for bucket, route in list_routes(route_map):
        for template in route.distributions:
            for distribution, _ in _matching_distributions(route_map, template):
                yield bucket, route, distribution, load_settings(route, distribution)


def list_unnamed_sites(route_map: RouteMap) -> list[Site]:
    """List a site for each capture of a route that forms no name of the map; its distribution's id is the capture."""
    return [
        _site(route_map, bucket, route, Distribution(template), {})
        for bucket, route in list_routes(route_map)
        for template in route.distributions
        if not any(_matching_distributions(route_map, template))
    ]


def _route_sites(route_map: RouteMap, bucket: str, route: Route) -> Iterator[Site]:
    for template in route.distributions:
        for distribution, captures in _matching_distributions(route_map, template):
            yield _site(route_map, bucket, route, distribution, captures)


def _site(
    route_map: RouteMap, bucket: str, route: Route, distribution: Distribution, captures: Mapping[str, str]
) -> Site:
    settings = load_settings(route, distribution)
    return Site(
        route.name,
        _substitute(bucket, captures),
        _substitute(route.prefix, captures),
        distribution,
        settings._replace(origin_path=_substitute(settings.origin_path, captures)),
        route_map.label(distribution.id),
        captures,
        tuple(route_map.accounts.get(bucket, ())),
    )


def _matching_distributions(route_map: RouteMap, template: str) -> Iterator[tuple[Distribution, Mapping[str, str]]]:
    """Yield each distribution that a route's template may name, with the captures that result in its name."""
    distribution = route_map.distribution(template)
    if distribution:
        yield distribution, {}
        return
    if not capture_names(tokenize(template)):
        return
    pattern = Pattern(template, full_match=True)
    for name, distribution in route_map.distributions():
        # As in routing, a capture selects a distribution by its name only, never by its id.
        match = pattern.match(name) if is_distribution_name(name) else None
        if match:
            # Several captures can divide a name in more than one way, so none of them is known.
            yield distribution, match.captures if len(match.captures) == 1 else {}


def _substitute(pattern: str, captures: Mapping[str, str]) -> str:
    # Not escaped: a name of a distribution has no character with a meaning in patterns.
    texts_by_token = {Token(TokenKind.CAPTURE, name): text for name, text in captures.items()}
    return "".join(texts_by_token.get(token, token.pattern) for token in tokenize(pattern)) if captures else pattern
