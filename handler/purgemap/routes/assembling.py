"""The values of a map's files → the map as written."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from purgemap.routes.source import Place, Source
from purgemap.routes.table import (
    DEFAULT_MAX_PATHS,
    DEFAULT_MAX_PATHS_PER_DAY,
    DEFAULT_MAX_WILDCARDS,
    TENANT,
    Settings,
)
from purgemap.routes.written import Defaults, WrittenDistribution, WrittenMap, WrittenRoute, WrittenTarget, WrittenTest
from purgemap.s3_uris import parse_s3_uri

_OPTIONS = frozenset(Settings._fields)
_ACCESS = ("id", "tenant", "role_arn", "external_id", "max_paths", "max_wildcards", "max_paths_per_day")
_SECTIONS = frozenset({"defaults", "distributions", "routes", "tests"})
_TOP_KEYS = _SECTIONS | {"version"}
_FREE_KEY = "x-"


def written_map(parts: Iterable[tuple[Source, Mapping[str, Any]]]) -> WrittenMap:
    """Put a map together from its parts: each a source and its value with None for what isn't sound."""
    tops = [(Place(source, ()), value) for source, value in parts]
    defaults = [_defaults(top / "defaults", value["defaults"]) for top, value in tops if value.get("defaults")]
    general = defaults[0] if defaults else _defaults(tops[0][0] / "defaults", {})
    names = [entry for top, value in tops for entry in _named(top, value, general)]
    first_by_name = dict(reversed(names))
    return WrittenMap(
        tops=tuple(top for top, _ in tops),
        is_complete=all(_is_complete(top, value) for top, value in tops),
        defaults=general,
        defaults_places=tuple(found.place for found in defaults),
        distributions={name: first_by_name[name] for name, _ in names},
        repeated_names=tuple(found.place for name, found in names if found is not first_by_name[name]),
        routes=tuple(route for top, value in tops for route in _routes(top, value, general)),
        tests=tuple(test for top, value in tops for test in _tests(top, value)),
    )


def _is_complete(top: Place, value: Mapping[str, Any]) -> bool:
    return (
        isinstance(top.source.value, dict)
        and all(key in _TOP_KEYS or key.startswith(_FREE_KEY) for key in value)
        and all(value.get(section, ()) is not None for section in _SECTIONS)
    )


def _defaults(place: Place, settings: Mapping[str, Any]) -> Defaults:
    return Defaults(
        place=place,
        max_paths=settings.get("max_paths", DEFAULT_MAX_PATHS),
        max_wildcards=settings.get("max_wildcards", DEFAULT_MAX_WILDCARDS),
        max_paths_per_day=settings.get("max_paths_per_day", DEFAULT_MAX_PATHS_PER_DAY),
        options=_options(settings),
    )


def _options(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name in _OPTIONS}


def _named(top: Place, value: Mapping[str, Any], defaults: Defaults) -> Iterator[tuple[str, WrittenDistribution]]:
    for name, settings in (value.get("distributions") or {}).items():
        yield name, written_distribution(top / "distributions" / name, settings, defaults)


def written_distribution(
    place: Place, settings: Mapping[str, Any] | str | None, defaults: Defaults
) -> WrittenDistribution:
    """Make a distribution of its settings, or of its id alone."""
    found: Mapping[str, Any] = {"id": settings} if isinstance(settings, str) else settings or {}
    tenant = found.get("tenant")
    is_sound = all(found.get(name, "") is not None for name in _ACCESS)
    return WrittenDistribution(
        place=place,
        id=(found.get("id") or (f"{TENANT}{tenant}" if tenant else None)) if is_sound else None,
        role_arn=found.get("role_arn"),
        external_id=found.get("external_id"),
        max_paths=found.get("max_paths", defaults.max_paths),
        max_wildcards=found.get("max_wildcards", defaults.max_wildcards),
        max_paths_per_day=found.get("max_paths_per_day", defaults.max_paths_per_day),
        options=_options(found),
    )


def _routes(top: Place, value: Mapping[str, Any], defaults: Defaults) -> Iterator[WrittenRoute]:
    for index, route in enumerate(value.get("routes") or ()):
        yield _route(top / "routes" / index, route or {}, defaults)


def _route(place: Place, route: Mapping[str, Any], defaults: Defaults) -> WrittenRoute:
    targets = enumerate(route.get("distributions") or ())
    return WrittenRoute(
        place=place,
        name=route.get("name"),
        bucket=route.get("bucket"),
        prefix=route.get("prefix", ""),
        accounts=tuple(route.get("accounts") or ()),
        targets=tuple(_target(place / "distributions" / index, target, defaults) for index, target in targets),
        options=_options(route),
    )


def _target(place: Place, value: Mapping[str, Any] | str | None, defaults: Defaults) -> WrittenTarget:
    if isinstance(value, str) or value is None:
        return WrittenTarget(place, value, None)
    return WrittenTarget(place, None, written_distribution(place, value, defaults))


def _tests(top: Place, value: Mapping[str, Any]) -> Iterator[WrittenTest]:
    for index, test in enumerate(value.get("tests") or ()):
        found = test or {}
        if found.get("object") and found.get("expect") is not None and found.get("event", "created"):
            bucket, key = parse_s3_uri(found["object"])
            place = top / "tests" / index
            yield WrittenTest(place, bucket, key, found.get("event", "created"), found["expect"])
