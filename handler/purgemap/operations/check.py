"""The files and folders of a map → everything that is wrong with it, its failing tests included."""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from purgemap.routemap import MapError, MapPaths, Problem, RouteMap, read_map, sorted_unique
from purgemap.routemap.parse import MapConfig, TestCase, compile_map, known_ids, select_valid_subset

Evaluate = Callable[[RouteMap, str, str, str], Mapping[str, tuple[str, ...]]]
"""Routes, bucket, key and event → the items sent to each distribution, by its id or `tenant:…`."""

_MOST_SHOWN = 12
"""How many items of a difference a message names."""


class CheckResult(NamedTuple):
    """What a check found, and how much it looked at."""

    problems: tuple[Problem, ...]
    routes: int = 0
    distributions: int = 0
    tests: int = 0


def check_map(paths: MapPaths, evaluate: Evaluate) -> CheckResult:
    """Check a map in full: shape, rules, and those of its tests that no other mistake touches."""
    try:
        config, problems = read_map(paths)
    except MapError as error:
        return CheckResult(error.problems)
    found = sorted_unique([*problems, *_failing_tests(config, problems, evaluate)])
    return CheckResult(found, len(config.routes), len(known_ids(config)), len(config.tests))


def _failing_tests(config: MapConfig, problems: tuple[Problem, ...], evaluate: Evaluate) -> Iterator[Problem]:
    sound = select_valid_subset(config, problems) if config.tests else None
    if sound is None:
        return
    routes = RouteMap(compile_map(sound.config))
    for test in sound.config.tests:
        if sound.can_evaluate(test):
            difference = _difference(config, test, evaluate(routes, test.bucket, test.key, test.event))
            if difference:
                yield test.place.error(f"the test fails: {difference}")


def _difference(config: MapConfig, test: TestCase, sent: Mapping[str, tuple[str, ...]]) -> str:
    """Say in one line what is missing and what is too much, for each distribution."""
    labels = {_id_of(config, name): name for name in test.expect}
    expected = {_id_of(config, name): {item for item in items or () if item} for name, items in test.expect.items()}
    differences = []
    for id_ in sorted(expected.keys() | sent.keys()):
        wanted, found = expected.get(id_, set()), set(sent.get(id_, ()))
        parts = (_listed("missing", wanted - found), _listed("unexpected", found - wanted))
        if wanted != found:
            differences.append(f"{labels.get(id_) or _label(config, id_)}: {'; '.join(filter(None, parts))}")
    return " | ".join(differences)


def _listed(what: str, items: set[str]) -> str:
    shown = ", ".join(sorted(items)[:_MOST_SHOWN])
    more = f" and {len(items) - _MOST_SHOWN} more" if len(items) > _MOST_SHOWN else ""
    return f"{what} {shown}{more}" if items else ""


def _id_of(config: MapConfig, name: str) -> str:
    distribution = config.distributions.get(name)
    return name if distribution is None else str(distribution.id)


def _label(config: MapConfig, id_: str) -> str:
    return next((name for name, distribution in config.distributions.items() if distribution.id == id_), id_)
