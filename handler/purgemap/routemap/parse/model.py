"""The map as its files write it: routes, distributions and tests, each with its location.

A value that the schema refused is None: rules check the valid parts, and see that a part is missing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from purgemap.routemap.parse.yaml_source import Location


@dataclass(frozen=True, slots=True)
class DistributionConfig:
    """A distribution, or the map's `defaults:` completed with the built-in budgets.

    `id` is `tenant:…` for a tenant, and None for defaults and if a connection setting is invalid. `connection` holds
    the role and the budgets, which every mention of a distribution must share. `silenced` holds codes of warnings.
    """

    location: Location
    id: str | None
    connection: Mapping[str, str | int | None]
    options: Mapping[str, Any]
    silenced: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TargetConfig:
    """An entry of a route's `distributions`: text (a name, id or template), inline settings, or neither if invalid."""

    location: Location
    text: str | None
    inline: DistributionConfig | None


@dataclass(frozen=True, slots=True)
class RouteConfig:
    """A route; bucket and prefix are None if invalid."""

    location: Location
    name: str | None
    bucket: str | None
    prefix: str | None
    accounts: tuple[str | None, ...]
    targets: tuple[TargetConfig, ...]
    options: Mapping[str, Any]
    silenced: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TestCase:
    """One of the map's tests, its object split into bucket and key."""

    location: Location
    bucket: str
    key: str
    event: str
    expect: Mapping[str, Sequence[str | None] | None]


@dataclass(frozen=True, slots=True)
class MapConfig:
    """The content of all files of a map.

    `defaults` are those of the first file that has any. `duplicate_names` are distributions whose name an earlier
    file defines. `is_complete` is False if a top-level key is invalid: missing definitions may be below it.
    """

    roots: tuple[Location, ...]
    is_complete: bool
    defaults: DistributionConfig
    defaults_locations: tuple[Location, ...]
    distributions: Mapping[str, DistributionConfig]
    duplicate_names: tuple[Location, ...]
    routes: tuple[RouteConfig, ...]
    tests: tuple[TestCase, ...]
    silenced: tuple[str, ...] = ()

    def inline_distributions(self) -> Iterator[DistributionConfig]:
        """List the distributions that routes define inline."""
        return (target.inline for route in self.routes for target in route.targets if target.inline is not None)

    def option_sets(self) -> Iterator[tuple[Location, Mapping[str, Any]]]:
        """List every set of options with its location: defaults, distributions, routes."""
        yield self.defaults.location, self.defaults.options
        for distribution in (*self.distributions.values(), *self.inline_distributions()):
            yield distribution.location, distribution.options
        for route in self.routes:
            yield route.location, route.options

    def option_texts(self, name: str) -> Iterator[tuple[Location, str]]:
        """List the valid items of every list option of this name, with their locations."""
        for location, options in self.option_sets():
            if name in options:
                yield from with_locations(location / name, options[name])


def with_locations(location: Location, values: Sequence[str | None] | None) -> Iterator[tuple[Location, str]]:
    """List the valid texts of a list with their locations."""
    for index, value in enumerate(values or ()):
        if value is not None:
            yield location / index, value
