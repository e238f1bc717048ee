"""Check a map in full: its shape, its rules and its tests."""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from purgemap.routemap import MapError, MapPaths, Problem, RouteMap, read_map, sorted_unique
from purgemap.routemap.parse import MapConfig, TestCase, compile_map, known_ids, select_valid_subset
from purgemap.text import join_with_limit

Evaluate = Callable[[RouteMap, str, str, str], Mapping[str, tuple[str, ...]]]
"""Map, bucket, key and event → the items sent to each distribution, by its id or `tenant:…`."""

# A test of a large site may differ in hundreds of items; a dozen show the mistake.
_MAX_ITEMS_SHOWN = 12


class CheckResult(NamedTuple):
    """The problems of a map, and the numbers of its routes, distributions and tests."""

    problems: tuple[Problem, ...]
    routes: int = 0
    distributions: int = 0
    tests: int = 0


def check_map(paths: MapPaths, evaluate: Evaluate) -> CheckResult:
    """Check the shape, the rules, and the tests that no other mistake touches."""
    try:
        config, problems = read_map(paths)
    except MapError as error:
        return CheckResult(error.problems)
    all_problems = sorted_unique([*problems, *_failing_tests(config, problems, evaluate)])
    return CheckResult(all_problems, len(config.routes), len(known_ids(config)), len(config.tests))


def _failing_tests(config: MapConfig, problems: tuple[Problem, ...], evaluate: Evaluate) -> Iterator[Problem]:
    subset = select_valid_subset(config, problems) if config.tests else None
    if subset is None:
        return
    routes = RouteMap(compile_map(subset.config))
    for test in subset.config.tests:
        if subset.can_evaluate(test):
            mismatch = _describe_mismatch(config, test, evaluate(routes, test.bucket, test.key, test.event))
            if mismatch:
                yield test.place.error(f"the test fails: {mismatch}")


def _describe_mismatch(config: MapConfig, test: TestCase, items_by_id: Mapping[str, tuple[str, ...]]) -> str:
    """Describe in one line, by distribution, which items are missing and which are unexpected."""
    labels = {_distribution_id(config, name): name for name in test.expect}
    expected_by_id = {
        _distribution_id(config, name): {item for item in items or () if item} for name, items in test.expect.items()
    }
    mismatches = []
    for id_ in sorted(expected_by_id.keys() | items_by_id.keys()):
        expected, actual = expected_by_id.get(id_, set()), set(items_by_id.get(id_, ()))
        parts = (_join_items("missing", expected - actual), _join_items("unexpected", actual - expected))
        if expected != actual:
            mismatches.append(f"{labels.get(id_) or _label(config, id_)}: {'; '.join(filter(None, parts))}")
    return " | ".join(mismatches)


def _join_items(adjective: str, items: set[str]) -> str:
    return f"{adjective} {join_with_limit(sorted(items), _MAX_ITEMS_SHOWN)}" if items else ""


def _distribution_id(config: MapConfig, name: str) -> str:
    distribution = config.distributions.get(name)
    return name if distribution is None else str(distribution.id)


def _label(config: MapConfig, id_: str) -> str:
    return next((name for name, distribution in config.distributions.items() if distribution.id == id_), id_)
