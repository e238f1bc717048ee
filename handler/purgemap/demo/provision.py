"""A map → what it needs of an AWS: buckets with example names, its distributions, a rule and queues."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from moto.core.models import DEFAULT_ACCOUNT_ID

from purgemap.demo.local_aws import LocalAws
from purgemap.routemap import (
    Distribution,
    Route,
    RouteMap,
    TokenKind,
    capture_names,
    is_distribution_name,
    load_routes,
    load_settings,
    tokenize,
)
from purgemap.routing import Router, Target, substitute_captures

_WORD = "demo"  # stands for a star, and for a capture that names no distribution


class Place(NamedTuple):
    """Where the site goes: a bucket, and the folder that begins its keys ("" or with a slash at its end)."""

    bucket: str
    folder: str


class Destination(NamedTuple):
    """A distribution that serves an object, under this path of a viewer's (not encoded)."""

    distribution: str
    viewer_path: str


@dataclass(frozen=True, slots=True)
class DemoStack:
    """A map's AWS, built; `destinations` says who serves a bucket's key after an event "created" or "deleted"."""

    places: tuple[Place, ...]
    distributions: tuple[Distribution, ...]
    queue_url: str
    dead_letter_url: str
    destinations: Callable[[str, str, str], list[Destination]]


def provision_stack(aws: LocalAws, routes: RouteMap) -> DemoStack:
    """Create what a map speaks of."""
    places = tuple(dict.fromkeys(_places(routes)))
    buckets = sorted({place.bucket for place in places})
    for bucket in buckets:
        aws.create_site_bucket(bucket)
    distributions = {distribution.id: distribution for _, distribution in routes.distributions()}
    for distribution in distributions.values():
        aws.create_distribution(distribution.id, account_of(distribution))
    queue_url, dead_letter_url = aws.wire(*buckets)
    destinations = partial(_destinations, Router(routes))
    return DemoStack(places, tuple(distributions.values()), queue_url, dead_letter_url, destinations)


def account_of(distribution: Distribution) -> str:
    """Tell the number of a distribution's account, where moto's own stands for the function's."""
    return distribution.account or DEFAULT_ACCOUNT_ID


def _destinations(router: Router, bucket: str, key: str, event: str) -> list[Destination]:
    """Ask the map: of a map that somebody wrote, nothing else knows what it wants."""
    decisions = router.bucket(bucket).decide(key, event)
    targets = [decision for decision in decisions if isinstance(decision, Target)]
    # A route that invalidates other things than the object itself promises nothing about the object.
    return [_destination(target, key) for target in targets if "{path}" in target.settings.invalidate]


def _destination(target: Target, key: str) -> Destination:
    return Destination(target.distribution.id, "/" + key.removeprefix(f"{target.origin_path}/".removeprefix("/")))


def _places(routes: RouteMap) -> Iterator[Place]:
    for filed in (routes.buckets.items(), routes.patterns):
        for bucket, text in filed:
            for route in load_routes(text):
                yield from _places_of(routes, bucket, route)


def _places_of(routes: RouteMap, bucket: str, route: Route) -> Iterator[Place]:
    for named in route.distributions:
        captures = _captures(routes, bucket, route, named)
        distribution = routes.distribution(substitute_captures(named, captures))
        if distribution is not None:
            origin = substitute_captures(load_settings(route, distribution).origin_path, captures).removeprefix("/")
            folder = _example(route.prefix, captures)
            # A distribution serves nothing outside its origin path.
            inside = not origin or folder.startswith(f"{origin}/")
            yield Place(_example(bucket, captures), folder if inside else f"{origin}/")


def _captures(routes: RouteMap, bucket: str, route: Route, named: str) -> dict[str, str]:
    """Choose what the captures hold: a capture that is to name a distribution, the map's first name."""
    captures = dict.fromkeys(capture_names(tokenize(bucket) + tokenize(route.prefix)), _WORD)
    naming = named.removeprefix("{").removesuffix("}")
    if naming in captures and naming != named:
        captures[naming] = next((name for name, _ in routes.distributions() if is_distribution_name(name)), _WORD)
    return captures


def _example(pattern: str, captures: Mapping[str, str]) -> str:
    parts = tokenize(pattern)
    return "".join(
        {TokenKind.LITERAL: part.text, TokenKind.STAR: _WORD}.get(part.kind) or captures[part.text] for part in parts
    )
