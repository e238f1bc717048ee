"""Build the `MapConfig` from the validated values of a map's files."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from purgemap.routemap.compiled import (
    DEFAULT_MAX_PATHS,
    DEFAULT_MAX_PATHS_PER_DAY,
    DEFAULT_MAX_WILDCARDS,
    TENANT,
    Settings,
)
from purgemap.routemap.parse.model import DistributionConfig, MapConfig, RouteConfig, TargetConfig, TestCase
from purgemap.routemap.parse.yaml_source import Location, Source
from purgemap.text import parse_s3_uri

_Connection = Mapping[str, str | int | None]
_OPTIONS = frozenset(Settings._fields)
# The compiled rows keep this order.
_CONNECTION = ("role_arn", "external_id", "max_paths", "max_wildcards", "max_paths_per_day")
_BUILT_IN_BUDGETS = {
    "max_paths": DEFAULT_MAX_PATHS,
    "max_wildcards": DEFAULT_MAX_WILDCARDS,
    "max_paths_per_day": DEFAULT_MAX_PATHS_PER_DAY,
}
_SECTIONS = frozenset({"defaults", "distributions", "routes", "tests"})
_TOP_KEYS = _SECTIONS | {"version"}
_FREE_KEY = "x-"
_DOCTOR_KEY = "x-doctor"


def build_config(parts: Iterable[tuple[Source, Mapping[str, Any]]]) -> MapConfig:
    """Build a map's config from its files: each a source and its value, with None for invalid parts."""
    roots = [(Location(source, ()), value) for source, value in parts]
    defaults = [
        build_distribution(top / "defaults", value["defaults"], _BUILT_IN_BUDGETS)
        for top, value in roots
        if value.get("defaults")
    ]
    general = defaults[0] if defaults else build_distribution(roots[0][0] / "defaults", None, _BUILT_IN_BUDGETS)
    budgets = general.connection
    named = [
        (name, build_distribution(top / "distributions" / name, settings, budgets))
        for top, value in roots
        for name, settings in (value.get("distributions") or {}).items()
    ]
    # The first definition wins; a later one is reported by its location.
    first_by_name = dict(reversed(named))
    return MapConfig(
        roots=tuple(top for top, _ in roots),
        is_complete=all(_is_complete(top, value) for top, value in roots),
        defaults=general,
        defaults_locations=tuple(entry.location for entry in defaults),
        distributions={name: first_by_name[name] for name, _ in named},
        duplicate_names=tuple(entry.location for name, entry in named if entry is not first_by_name[name]),
        routes=tuple(route for top, value in roots for route in _build_routes(top / "routes", value, budgets)),
        tests=tuple(test for top, value in roots for test in _build_tests(top / "tests", value)),
        silenced=tuple(code for _, value in roots for code in _silenced_codes(value)),
    )


def _is_complete(top: Location, value: Mapping[str, Any]) -> bool:
    return (
        isinstance(top.source.value, dict)
        and all(key in _TOP_KEYS or key.startswith(_FREE_KEY) for key in value)
        and all(value.get(section, ()) is not None for section in _SECTIONS)
    )


def _select_options(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name in _OPTIONS}


def _silenced_codes(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the codes of warnings that `purgemap doctor` does not report."""
    doctor = settings.get(_DOCTOR_KEY) or {}
    return tuple(filter(None, doctor.get("ignore") or ()))


def build_distribution(
    location: Location, value: Mapping[str, Any] | str | None, defaults: _Connection
) -> DistributionConfig:
    """Build a distribution from its settings, or from its id alone."""
    settings: Mapping[str, Any] = {"id": value} if isinstance(value, str) else value or {}
    tenant = settings.get("tenant")
    # An invalid setting is None: without it the distribution cannot be compared or reached.
    is_valid = all(settings.get(name, "") is not None for name in ("id", "tenant", *_CONNECTION))
    return DistributionConfig(
        location=location,
        id=(settings.get("id") or (f"{TENANT}{tenant}" if tenant else None)) if is_valid else None,
        connection={name: settings.get(name, defaults.get(name)) for name in _CONNECTION},
        options=_select_options(settings),
        silenced=_silenced_codes(settings),
    )


def _build_routes(section: Location, value: Mapping[str, Any], defaults: _Connection) -> Iterator[RouteConfig]:
    for index, settings in enumerate(value.get("routes") or ()):
        route, location = settings or {}, section / index
        targets = enumerate(route.get("distributions") or ())
        yield RouteConfig(
            location=location,
            name=route.get("name"),
            bucket=route.get("bucket"),
            prefix=route.get("prefix", ""),
            accounts=tuple(route.get("accounts") or ()),
            targets=tuple(
                _build_target(location / "distributions" / index, target, defaults) for index, target in targets
            ),
            options=_select_options(route),
            silenced=_silenced_codes(route),
        )


def _build_target(location: Location, value: Mapping[str, Any] | str | None, defaults: _Connection) -> TargetConfig:
    if isinstance(value, str) or value is None:
        return TargetConfig(location, value, None)
    return TargetConfig(location, None, build_distribution(location, value, defaults))


def _build_tests(section: Location, value: Mapping[str, Any]) -> Iterator[TestCase]:
    for index, settings in enumerate(value.get("tests") or ()):
        test = settings or {}
        if test.get("object") and test.get("expect") is not None and test.get("event", "created"):
            bucket, key = parse_s3_uri(test["object"])
            yield TestCase(section / index, bucket, key, test.get("event", "created"), test["expect"])
