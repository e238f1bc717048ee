"""Check a map in full: its shape, its rules and its tests."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from purgemap.operations.preview import preview_change
from purgemap.operations.silenced_warnings import SilencedWarnings
from purgemap.routemap import (
    MapError,
    MapPaths,
    Problem,
    RouteMap,
    has_errors,
    load_compiled_map,
    read_map,
    sorted_unique,
    split_paths,
)
from purgemap.routemap.parse import (
    MapConfig,
    TestCase,
    ValidSubset,
    compile_map,
    known_ids,
    list_parts,
    route_names,
    select_valid_subset,
)
from purgemap.text import join_with_limit

# A test of a large site may differ in hundreds of items; a dozen show the mistake.
_MAX_ITEMS_SHOWN = 12


class CheckResult(NamedTuple):
    """The problems of a map, and the numbers of its routes, distributions and tests."""

    problems: tuple[Problem, ...]
    routes: int = 0
    distributions: int = 0
    tests: int = 0


class CheckedMap(NamedTuple):
    """A map without errors, whose tests pass; its warnings, and those of `purgemap doctor` that it silences."""

    route_map: RouteMap
    warnings: tuple[Problem, ...]
    silenced: SilencedWarnings = SilencedWarnings()


class RoutePlace(NamedTuple):
    """The file and line of a route."""

    file: str
    line: int


class SurveyedMap(NamedTuple):
    """A map with all its problems, and the place of each route by name.

    `route_map` is None if the map can't serve: a failing test is an error of the map, but it still serves.
    """

    problems: tuple[Problem, ...]
    route_map: RouteMap | None
    places: Mapping[str, RoutePlace]


def survey_map(paths: MapPaths) -> SurveyedMap:
    """Read a map as far as its errors allow, with the result of its tests; never raises MapError."""
    try:
        compiled_map = load_compiled_map(paths)
        if compiled_map is not None:
            # It passed the check before it was written, and has no lines to show.
            return SurveyedMap((), compiled_map, {})
        config, problems = read_map(paths)
    except MapError as error:
        return SurveyedMap(error.problems, None, {})
    all_problems, route_map = _run_tests(config, problems)
    places = {
        name: RoutePlace(route.location.source.file, route.location.line)
        for name, route in zip(route_names(config), config.routes, strict=True)
    }
    return SurveyedMap(all_problems, None if has_errors(problems) else route_map, places)


def list_map_files(paths: MapPaths) -> list[Path]:
    """List the files of a map as they are now, also those that do not exist."""
    files: list[Path] = []
    for path in split_paths(paths):
        # Another program may remove the folder at any time.
        with suppress(OSError):
            files += list_parts(path) if path.is_dir() else [path]
    return files


def check_map(paths: MapPaths) -> CheckResult:
    """Check the shape, the rules, and the tests that no other mistake touches."""
    try:
        config, problems = read_map(paths)
    except MapError as error:
        return CheckResult(error.problems)
    # Compiling costs a tenth of reading; without tests `purgemap check` needs no compiled map.
    all_problems = _run_tests(config, problems)[0] if config.tests else problems
    return CheckResult(all_problems, len(config.routes), len(known_ids(config)), len(config.tests))


def load_checked_map(paths: MapPaths) -> CheckedMap:
    """Load a map for a deployment, from one reading of its files; raises MapError with every problem."""
    compiled_map = load_compiled_map(paths)
    if compiled_map is not None:
        # It passed the check before it was written.
        return CheckedMap(compiled_map, ())
    config, problems = read_map(paths)
    problems, route_map = _run_tests(config, problems)
    if route_map is None or has_errors(problems):
        raise MapError(problems)
    return CheckedMap(route_map, problems, _silenced_warnings(config))


def _silenced_warnings(config: MapConfig) -> SilencedWarnings:
    codes_by_id: dict[str, frozenset[str]] = {}
    for distribution in (*config.distributions.values(), *config.inline_distributions()):
        id_ = str(distribution.id)
        codes_by_id[id_] = codes_by_id.get(id_, frozenset()) | frozenset(distribution.silenced)
    codes_by_route = {
        name: frozenset(route.silenced) for name, route in zip(route_names(config), config.routes, strict=True)
    }
    return SilencedWarnings(frozenset(config.silenced), codes_by_id, codes_by_route)


def _run_tests(config: MapConfig, problems: tuple[Problem, ...]) -> tuple[tuple[Problem, ...], RouteMap | None]:
    """Compile the valid part of a map and run its tests; returns all problems and the compiled part, if any."""
    subset = select_valid_subset(config, problems)
    if subset is None:
        return problems, None
    route_map = RouteMap(compile_map(subset.config))
    return sorted_unique([*problems, *_failing_tests(config, subset, route_map)]), route_map


def _failing_tests(config: MapConfig, subset: ValidSubset, route_map: RouteMap) -> Iterator[Problem]:
    for test in subset.config.tests:
        if subset.can_evaluate(test):
            mismatch = _describe_mismatch(config, test, preview_change(route_map, test.bucket, test.key, test.event))
            if mismatch:
                yield test.location.error(f"the test fails: {mismatch}")


def _describe_mismatch(config: MapConfig, test: TestCase, items_by_id: Mapping[str, tuple[str, ...]]) -> str:
    """Describe in one line, by distribution, which items are missing and which are unexpected."""
    labels = {str(distribution.id): name for name, distribution in reversed([*config.distributions.items()])}
    labels |= {_distribution_id(config, name): name for name in test.expect}
    expected_by_id = {
        _distribution_id(config, name): {item for item in items or () if item} for name, items in test.expect.items()
    }
    mismatches = []
    for id_ in sorted(expected_by_id.keys() | items_by_id.keys()):
        expected, actual = expected_by_id.get(id_, set()), set(items_by_id.get(id_, ()))
        parts = (_join_items("missing", expected - actual), _join_items("unexpected", actual - expected))
        if expected != actual:
            mismatches.append(f"{labels.get(id_, id_)}: {'; '.join(filter(None, parts))}")
    return " | ".join(mismatches)


def _join_items(adjective: str, items: set[str]) -> str:
    return f"{adjective} {join_with_limit(sorted(items), _MAX_ITEMS_SHOWN)}" if items else ""


def _distribution_id(config: MapConfig, name: str) -> str:
    distribution = config.distributions.get(name)
    return name if distribution is None else str(distribution.id)
