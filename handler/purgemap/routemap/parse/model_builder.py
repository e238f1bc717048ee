"""The values of a map's files → the map as written."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from purgemap.routemap.compiled import (
    DEFAULT_MAX_PATHS,
    DEFAULT_MAX_PATHS_PER_DAY,
    DEFAULT_MAX_WILDCARDS,
    TENANT,
    Settings,
)
from purgemap.routemap.parse.model import Defaults, DistributionConfig, MapConfig, RouteConfig, TargetConfig, TestCase
from purgemap.routemap.parse.yaml_source import Location, Source
from purgemap.text import parse_s3_uri

_OPTIONS = frozenset(Settings._fields)
_ACCESS = ("id", "tenant", "role_arn", "external_id", "max_paths", "max_wildcards", "max_paths_per_day")
_SECTIONS = frozenset({"defaults", "distributions", "routes", "tests"})
_TOP_KEYS = _SECTIONS | {"version"}
_FREE_KEY = "x-"


def build_config(parts: Iterable[tuple[Source, Mapping[str, Any]]]) -> MapConfig:
    """Put a map together from its parts: each a source and its value with None for what isn't sound."""
    roots = [(Location(source, ()), value) for source, value in parts]
    defaults = [_defaults(top / "defaults", value["defaults"]) for top, value in roots if value.get("defaults")]
    general = defaults[0] if defaults else _defaults(roots[0][0] / "defaults", {})
    names = [entry for top, value in roots for entry in _named(top, value, general)]
    first_by_name = dict(reversed(names))
    return MapConfig(
        roots=tuple(top for top, _ in roots),
        is_complete=all(_is_complete(top, value) for top, value in roots),
        defaults=general,
        defaults_locations=tuple(found.place for found in defaults),
        distributions={name: first_by_name[name] for name, _ in names},
        duplicate_names=tuple(found.place for name, found in names if found is not first_by_name[name]),
        routes=tuple(route for top, value in roots for route in _routes(top, value, general)),
        tests=tuple(test for top, value in roots for test in _tests(top, value)),
    )


def _is_complete(top: Location, value: Mapping[str, Any]) -> bool:
    return (
        isinstance(top.source.value, dict)
        and all(key in _TOP_KEYS or key.startswith(_FREE_KEY) for key in value)
        and all(value.get(section, ()) is not None for section in _SECTIONS)
    )


def _defaults(place: Location, settings: Mapping[str, Any]) -> Defaults:
    return Defaults(
        place=place,
        max_paths=settings.get("max_paths", DEFAULT_MAX_PATHS),
        max_wildcards=settings.get("max_wildcards", DEFAULT_MAX_WILDCARDS),
        max_paths_per_day=settings.get("max_paths_per_day", DEFAULT_MAX_PATHS_PER_DAY),
        options=_options(settings),
    )


def _options(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name in _OPTIONS}


def _named(top: Location, value: Mapping[str, Any], defaults: Defaults) -> Iterator[tuple[str, DistributionConfig]]:
    for name, settings in (value.get("distributions") or {}).items():
        yield name, build_distribution(top / "distributions" / name, settings, defaults)


def build_distribution(
    place: Location, settings: Mapping[str, Any] | str | None, defaults: Defaults
) -> DistributionConfig:
    """Make a distribution of its settings, or of its id alone."""
    found: Mapping[str, Any] = {"id": settings} if isinstance(settings, str) else settings or {}
    tenant = found.get("tenant")
    is_sound = all(found.get(name, "") is not None for name in _ACCESS)
    return DistributionConfig(
        place=place,
        id=(found.get("id") or (f"{TENANT}{tenant}" if tenant else None)) if is_sound else None,
        role_arn=found.get("role_arn"),
        external_id=found.get("external_id"),
        max_paths=found.get("max_paths", defaults.max_paths),
        max_wildcards=found.get("max_wildcards", defaults.max_wildcards),
        max_paths_per_day=found.get("max_paths_per_day", defaults.max_paths_per_day),
        options=_options(found),
    )


def _routes(top: Location, value: Mapping[str, Any], defaults: Defaults) -> Iterator[RouteConfig]:
    for index, route in enumerate(value.get("routes") or ()):
        yield _route(top / "routes" / index, route or {}, defaults)


def _route(place: Location, route: Mapping[str, Any], defaults: Defaults) -> RouteConfig:
    targets = enumerate(route.get("distributions") or ())
    return RouteConfig(
        place=place,
        name=route.get("name"),
        bucket=route.get("bucket"),
        prefix=route.get("prefix", ""),
        accounts=tuple(route.get("accounts") or ()),
        targets=tuple(_target(place / "distributions" / index, target, defaults) for index, target in targets),
        options=_options(route),
    )


def _target(place: Location, value: Mapping[str, Any] | str | None, defaults: Defaults) -> TargetConfig:
    if isinstance(value, str) or value is None:
        return TargetConfig(place, value, None)
    return TargetConfig(place, None, build_distribution(place, value, defaults))


def _tests(top: Location, value: Mapping[str, Any]) -> Iterator[TestCase]:
    for index, test in enumerate(value.get("tests") or ()):
        found = test or {}
        if found.get("object") and found.get("expect") is not None and found.get("event", "created"):
            bucket, key = parse_s3_uri(found["object"])
            place = top / "tests" / index
            yield TestCase(place, bucket, key, found.get("event", "created"), found["expect"])
