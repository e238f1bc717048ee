"""The map as written: its routes, distributions and tests, each with the place where it stands.

None takes the place of what the schema refused, so that the rules see the sound parts and know what they don't see.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from purgemap.routemap.parse.yaml_source import Location


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds where routes and distributions say nothing; the built-in budgets where these don't, either."""

    place: Location
    max_paths: int
    max_wildcards: int
    max_paths_per_day: int
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DistributionConfig:
    """A distribution by name, by id or inline; `id` is `tenant:…` of a tenant, None where its access isn't sound."""

    place: Location
    id: str | None
    role_arn: str | None
    external_id: str | None
    max_paths: int
    max_wildcards: int
    max_paths_per_day: int
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TargetConfig:
    """One of a route's distributions: text (a name, an id or a template), or a distribution inline, or neither."""

    place: Location
    text: str | None
    inline: DistributionConfig | None


@dataclass(frozen=True, slots=True)
class RouteConfig:
    """A route; bucket and prefix are None where they aren't sound."""

    place: Location
    name: str | None
    bucket: str | None
    prefix: str | None
    accounts: tuple[str | None, ...]
    targets: tuple[TargetConfig, ...]
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TestCase:
    """One of the map's tests, its object split into bucket and key."""

    place: Location
    bucket: str
    key: str
    event: str
    expect: Mapping[str, Sequence[str | None] | None]


@dataclass(frozen=True, slots=True)
class MapConfig:
    """All parts of a map together.

    `defaults` are the first part's that has any, `defaults_places` are all; `repeated_names` are distributions whose
    name an earlier part has. `is_complete` is False where a top-level key isn't sound: what is missing may stand there.
    """

    roots: tuple[Location, ...]
    is_complete: bool
    defaults: Defaults
    defaults_locations: tuple[Location, ...]
    distributions: Mapping[str, DistributionConfig]
    duplicate_names: tuple[Location, ...]
    routes: tuple[RouteConfig, ...]
    tests: tuple[TestCase, ...]

    def inline_distributions(self) -> Iterator[DistributionConfig]:
        """Give the distributions that routes define on the spot."""
        return (target.inline for route in self.routes for target in route.targets if target.inline is not None)

    def option_sets(self) -> Iterator[tuple[Location, Mapping[str, Any]]]:
        """Give each place where options of routes stand: defaults, distributions, routes."""
        yield self.defaults.place, self.defaults.options
        for distribution in (*self.distributions.values(), *self.inline_distributions()):
            yield distribution.place, distribution.options
        for route in self.routes:
            yield route.place, route.options


def with_locations(place: Location, values: Sequence[str | None] | None) -> Iterator[tuple[Location, str]]:
    """Give the sound texts of a list, each with its place."""
    for index, value in enumerate(values or ()):
        if value is not None:
            yield place / index, value
