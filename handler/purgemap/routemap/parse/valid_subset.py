"""Select the part of a map that its errors do not affect, so that its tests can still run."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from purgemap.errors import PatternError
from purgemap.routemap.parse.distributions import DistributionLookup, is_template
from purgemap.routemap.parse.model import MapConfig, RouteConfig, TestCase
from purgemap.routemap.parse.yaml_source import Location
from purgemap.routemap.patterns import Pattern
from purgemap.routemap.problems import Problem, path_text

_ENTRY = re.compile(r'\$\.(?:routes\[\d+\]|tests\[\d+\]|distributions(?:\.[\w-]+|\["(?:[^"\\]|\\.)*"\])|version)')
# Each test is matched against each invalid route. Beyond this number no test runs.
_MAX_INVALID_ROUTES = 100


@dataclass(frozen=True, slots=True)
class ValidSubset:
    """The valid routes, distributions and tests of a map, and its invalid routes."""

    config: MapConfig
    invalid_routes: tuple[RouteConfig, ...]

    def can_evaluate(self, test: TestCase) -> bool:
        """Return whether no invalid route could change the test's result."""
        return not any(_may_match(route, test) for route in self.invalid_routes)


def select_valid_subset(config: MapConfig, problems: Iterable[Problem]) -> ValidSubset | None:
    """Select what has no errors; None if an error affects everything, such as one in the defaults."""
    invalid_entries = {(problem.file, _entry(problem.path)) for problem in problems if problem.severity == "error"}
    if not invalid_entries:
        return ValidSubset(config, ())
    if not all(_ENTRY.fullmatch(entry) for _, entry in invalid_entries):
        return None

    def is_valid(location: Location) -> bool:
        return (location.source.file, _entry(path_text(location.path))) not in invalid_entries

    lookup = DistributionLookup(config)
    distributions = {name: entry for name, entry in config.distributions.items() if is_valid(entry.location)}
    are_names_valid = len(distributions) == len(config.distributions)

    def is_route_valid(route: RouteConfig) -> bool:
        entries = [lookup.find(target) for target in route.targets]
        # A template may produce the name of an invalid distribution.
        return (
            is_valid(route.location)
            and all(entry is None or is_valid(entry.location) for entry in entries)
            and (are_names_valid or not any(is_template(target.text or "") for target in route.targets))
        )

    routes: list[RouteConfig] = []
    invalid_routes: list[RouteConfig] = []
    for route in config.routes:
        (routes if is_route_valid(route) else invalid_routes).append(route)
    if len(invalid_routes) > _MAX_INVALID_ROUTES:
        return None
    tests = tuple(test for test in config.tests if is_valid(test.location))
    valid_config = replace(config, distributions=distributions, routes=tuple(routes), tests=tests)
    return ValidSubset(valid_config, tuple(invalid_routes))


def _entry(path: str) -> str:
    # One invalid key makes its whole route, test or distribution invalid.
    match = _ENTRY.match(path)
    return match[0] if match else path


def _may_match(route: RouteConfig, test: TestCase) -> bool:
    if route.bucket is None or route.prefix is None:
        return True
    try:
        bucket, prefix = Pattern(route.bucket, full_match=True), Pattern(route.prefix, full_match=False)
    except PatternError:
        return True
    return bool(bucket.match(test.bucket) and prefix.match(test.key))
