"""A map with mistakes → the part of it that these don't touch, so that its tests can be run all the same."""

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
_MOST_DOUBTFUL = 100
"""How many routes with mistakes each test is compared with; beyond that no test is run."""


@dataclass(frozen=True, slots=True)
class ValidSubset:
    """The routes, distributions and tests of a map that no mistake touches, and the routes that one does."""

    config: MapConfig
    invalid_routes: tuple[RouteConfig, ...]

    def can_evaluate(self, test: TestCase) -> bool:
        """Tell whether a test's result doesn't depend on a route with a mistake."""
        return not any(_may_match(route, test) for route in self.invalid_routes)


def select_valid_subset(config: MapConfig, problems: Iterable[Problem]) -> ValidSubset | None:
    """Leave out what has errors; None if an error stands where everything depends on it, such as in the defaults."""
    faulty = {(problem.file, _entry(problem.path)) for problem in problems if problem.severity == "error"}
    if not all(_ENTRY.fullmatch(entry) for _, entry in faulty):
        return None
    directory = DistributionLookup(config)
    broken_names = {name for name, found in config.distributions.items() if _is_in(found.place, faulty)}

    def is_doubtful(route: RouteConfig) -> bool:
        found = [directory.find(target) for target in route.targets]
        named = any(distribution is not None and _is_in(distribution.place, faulty) for distribution in found)
        made = bool(broken_names) and any(is_template(target.text or "") for target in route.targets)
        return _is_in(route.place, faulty) or named or made

    invalid_routes = tuple(route for route in config.routes if is_doubtful(route)) if faulty else ()
    if len(invalid_routes) > _MOST_DOUBTFUL:
        return None
    sound = replace(
        config,
        distributions={name: found for name, found in config.distributions.items() if name not in broken_names},
        routes=tuple(route for route in config.routes if route not in invalid_routes)
        if invalid_routes
        else config.routes,
        tests=tuple(test for test in config.tests if not _is_in(test.place, faulty)),
    )
    return ValidSubset(sound, invalid_routes)


def _entry(path: str) -> str:
    """Cut a problem's path down to the route, test or distribution that it lies in."""
    found = _ENTRY.match(path)
    return found[0] if found else path


def _is_in(place: Location, faulty: set[tuple[str, str]]) -> bool:
    return (place.source.file, _entry(path_text(place.path))) in faulty


def _may_match(route: RouteConfig, test: TestCase) -> bool:
    if route.bucket is None or route.prefix is None:
        return True
    try:
        bucket, prefix = Pattern(route.bucket, full_match=True), Pattern(route.prefix, full_match=False)
    except PatternError:
        return True
    return bool(bucket.match(test.bucket) and prefix.match(test.key))
