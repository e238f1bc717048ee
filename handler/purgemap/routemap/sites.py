"""The map → its sites: each place in S3 whose changes concern a distribution, and how.

A route whose distributions are captures stands for a site of each name that the map has for them.
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
    """One route for one distribution; bucket, prefix and origin path are patterns, with the captures known put in.

    `label` is the distribution's id beside its names, for people.
    """

    route: str
    bucket: str
    prefix: str
    distribution: Distribution
    settings: Settings
    label: str = field(compare=False)
    captures: Mapping[str, str] = field(default_factory=dict, compare=False)

    def __str__(self) -> str:
        return f"{self.place} → {self.label}"

    @property
    def place(self) -> str:
        """Where the site's objects are: bucket and prefix, as the map writes them."""
        return f"{self.bucket}/{self.prefix}" if self.prefix else self.bucket


def list_sites(routes: RouteMap) -> list[Site]:
    """List a map's sites, bucket by bucket."""
    filed = (*routes.buckets.items(), *routes.patterns)
    return [site for bucket, text in filed for route in load_routes(text) for site in _sites(routes, bucket, route)]


def _sites(routes: RouteMap, bucket: str, route: Route) -> Iterator[Site]:
    for template in route.distributions:
        for distribution, captures in _meant(routes, template):
            settings = load_settings(route, distribution)
            yield Site(
                route.name,
                _fill(bucket, captures),
                _fill(route.prefix, captures),
                distribution,
                settings._replace(origin_path=_fill(settings.origin_path, captures)),
                routes.label(distribution.id),
                captures,
            )


def _meant(routes: RouteMap, template: str) -> Iterator[tuple[Distribution, Mapping[str, str]]]:
    """Find the distributions that a route's text means, each with the captures that name it."""
    distribution = routes.distribution(template)
    if distribution:
        yield distribution, {}
        return
    if not capture_names(tokenize(template)):
        return
    pattern = Pattern(template, full_match=True)
    for name, distribution in routes.distributions():
        match = pattern.match(name) if is_distribution_name(name) else None
        if match:
            # Two captures may share a name out in several ways.
            yield distribution, match.captures if len(match.captures) == 1 else {}


def _fill(pattern: str, captures: Mapping[str, str]) -> str:
    return "".join(_text(part, captures) for part in tokenize(pattern)) if captures else pattern


def _text(part: Token, captures: Mapping[str, str]) -> str:
    """Write a part as patterns do; names of distributions hold nothing that a pattern would have to escape."""
    if part.kind is TokenKind.CAPTURE:
        return captures.get(part.text, f"{{{part.text}}}")
    if part.kind is TokenKind.STAR:
        return part.text
    return part.text.replace("{", "{{").replace("}", "}}").replace("*", r"\*")
