"""Route changes without an index: try every route for every change, by plain regular expressions."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from purgemap.events import ObjectChange
from purgemap.routemap.compiled import (
    Distribution,
    Route,
    RouteMap,
    Settings,
    is_distribution_name,
    load_routes,
    load_settings,
)
from purgemap.routemap.patterns import TokenKind, tokenize
from support.oracles.naive_globs import glob_matches


class Delivered(NamedTuple):
    """One key that a route matched for one distribution."""

    route: str
    bucket: str
    key: str
    distribution: str
    matched: str
    origin_path: str
    captures: tuple[tuple[str, str], ...]


class Everything(NamedTuple):
    """The result of routing some changes."""

    delivered: set[Delivered]
    unrouted: set[tuple[str, str, str]]
    unknown_names: set[tuple[str, str]]


def plain_match(pattern: str, text: str, *, full_match: bool) -> tuple[str, dict[str, str]] | None:
    """Match a bucket's name or a key's start by a regular expression, without regard to backtracking."""
    tokens = tokenize(pattern)
    regex = ""
    for number, token in enumerate(tokens):
        ends = number == len(tokens) - 1 and not full_match
        if token.kind is TokenKind.LITERAL:
            regex += re.escape(token.text)
        elif token.kind is TokenKind.CAPTURE:
            regex += f"(?P<{token.text}>[^/]+{'' if ends else '?'})"
        else:
            regex += "" if ends else "[^/]*?"
    compiled = re.compile(regex, re.DOTALL)
    match = compiled.fullmatch(text) if full_match else compiled.match(text)
    return (match[0], match.groupdict()) if match else None


def try_everything(routes: RouteMap, changes: Iterable[ObjectChange]) -> Everything:
    """Try every route of the map for every change."""
    result = Everything(set(), set(), set())
    for change in changes:
        deliveries = list(_deliveries(routes, change, result.unknown_names))
        result.delivered.update(deliveries)
        if not deliveries:
            result.unrouted.add((change.bucket, change.key, change.event))
    return result


def _deliveries(routes: RouteMap, change: ObjectChange, unknown: set[tuple[str, str]]) -> Iterator[Delivered]:
    for route, captured in _routes_of(routes, change.bucket):
        match = plain_match(route.prefix, change.key, full_match=False)
        if match is None:
            continue
        captures = {**captured, **match[1]}
        for template in route.distributions:
            name = _filled(template, captures)
            distribution = routes.distribution(name) if name == template or is_distribution_name(name) else None
            if distribution is None:
                unknown.add((route.name, name))
            elif delivered := _delivered(route, distribution, change, match[0], captures):
                yield delivered


def _routes_of(routes: RouteMap, bucket: str) -> Iterator[tuple[Route, Mapping[str, str]]]:
    for route in load_routes(routes.buckets.get(bucket, "[]")):
        yield route, {}
    for pattern, text in routes.patterns:
        match = plain_match(pattern, bucket, full_match=True)
        if match:
            for route in load_routes(text):
                yield route, match[1]


def _delivered(
    route: Route, distribution: Distribution, change: ObjectChange, matched: str, captures: Mapping[str, str]
) -> Delivered | None:
    settings = load_settings(route, distribution)
    origin_path = _filled(settings.origin_path, captures)
    is_served = not origin_path or change.key.startswith(f"{origin_path[1:]}/")
    if change.event not in settings.events or not is_served or not _passes(settings, change.key[len(matched) :]):
        return None
    sorted_captures = tuple(sorted(captures.items()))
    return Delivered(route.name, change.bucket, change.key, distribution.id, matched, origin_path, sorted_captures)


def _passes(settings: Settings, after_prefix: str) -> bool:
    rest = after_prefix.removeprefix("/")
    is_included = not settings.include or any(glob_matches(glob, rest) for glob in settings.include)
    return is_included and not any(glob_matches(glob, rest) for glob in settings.exclude)


def _filled(template: str, captures: Mapping[str, str]) -> str:
    return "".join(
        captures[token.text] if token.kind is TokenKind.CAPTURE else token.text for token in tokenize(template)
    )
