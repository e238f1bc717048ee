"""Create what a map names in an AWS: buckets with example names, distributions, a rule and queues."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from moto.core.models import DEFAULT_ACCOUNT_ID

from purgemap.demo.ledger_table import create_ledger_table
from purgemap.demo.local_aws import UNKNOWN_ORIGINS, LocalAws, SiteOrigin
from purgemap.routemap import (
    Distribution,
    Route,
    RouteMap,
    TokenKind,
    capture_names,
    is_distribution_name,
    load_settings,
    tokenize,
)
from purgemap.routemap.sites import list_routes
from purgemap.routing import Router, Target, substitute_captures

_PLACEHOLDER = "demo"  # replaces a star, and a capture that names no distribution


class SiteFolder(NamedTuple):
    """A folder of a bucket that the demo uploads the site to; `prefix` is "" or ends in a slash."""

    bucket: str
    prefix: str


class _ExampleSite(NamedTuple):
    """A route's folder and origin for one of its distributions."""

    folder: SiteFolder
    origin: SiteOrigin
    distribution: Distribution


class Destination(NamedTuple):
    """A distribution that serves an object, and the viewer path, which is not encoded."""

    distribution: str
    viewer_path: str


@dataclass(frozen=True, slots=True)
class DemoStack:
    """The resources of a map; `destinations` returns where a bucket's key is served after an event.

    `ledger_table` is "" for a map without `skip_unchanged`.
    """

    folders: tuple[SiteFolder, ...]
    distributions: tuple[Distribution, ...]
    queue_url: str
    dead_letter_url: str
    destinations: Callable[[str, str, str], list[Destination]]
    ledger_table: str = ""


def provision_stack(aws: LocalAws, routes: RouteMap, aliases: Mapping[str, str]) -> DemoStack:
    """Create the buckets, distributions, rule, queues and, to skip uploads, the ledger of a map.

    `aliases` has domains by distribution.
    """
    sites = list(_sites(routes))
    folders = tuple(dict.fromkeys(site.folder for site in sites))
    buckets = sorted({folder.bucket for folder in folders})
    for bucket in buckets:
        aws.create_site_bucket(bucket)
    distributions = {distribution.id: distribution for _, distribution in routes.distributions()}
    for distribution in distributions.values():
        origins = dict.fromkeys(site.origin for site in sites if site.distribution == distribution)
        alias = aliases.get(distribution.id, "")
        aws.create_distribution(distribution.id, account_of(distribution), [*origins] or UNKNOWN_ORIGINS, alias)
    queue_url, dead_letter_url = aws.create_queues(*buckets)
    destinations = partial(_destinations, Router(routes))
    table = create_ledger_table(aws, routes) if routes.skips_unchanged else ""
    return DemoStack(folders, tuple(distributions.values()), queue_url, dead_letter_url, destinations, table)


def account_of(distribution: Distribution) -> str:
    """Return the id of a distribution's account; moto's own is the function's."""
    return distribution.account or DEFAULT_ACCOUNT_ID


def _destinations(router: Router, bucket: str, key: str, event: str) -> list[Destination]:
    # Only its own router can serve as the reference for a user's map.
    decisions = router.bucket(bucket).decide(key, event)
    targets = [decision for decision in decisions if isinstance(decision, Target)]
    # A route that does not invalidate the object itself may leave it stale.
    return [
        Destination(target.distribution.id, "/" + key.removeprefix(target.origin_prefix))
        for target in targets
        if "{path}" in target.settings.invalidate
    ]


def _sites(routes: RouteMap) -> Iterator[_ExampleSite]:
    for bucket, route in list_routes(routes):
        for template in route.distributions:
            yield from _example_site(routes, bucket, route, template)


def _example_site(routes: RouteMap, bucket: str, route: Route, template: str) -> Iterator[_ExampleSite]:
    captures = _example_captures(routes, bucket, route, template)
    distribution = routes.distribution(substitute_captures(template, captures))
    if distribution is not None:
        origin = substitute_captures(load_settings(route, distribution).origin_path, captures)
        folder, prefix = origin.removeprefix("/"), _example(route.prefix, captures)
        # A distribution serves no object outside its origin path.
        is_inside = not folder or prefix.startswith(f"{folder}/")
        name = _example(bucket, captures)
        yield _ExampleSite(
            SiteFolder(name, prefix if is_inside else f"{folder}/"), SiteOrigin(name, origin), distribution
        )


def _example_captures(routes: RouteMap, bucket: str, route: Route, template: str) -> dict[str, str]:
    captures = dict.fromkeys(capture_names(tokenize(bucket) + tokenize(route.prefix)), _PLACEHOLDER)
    capture = template.removeprefix("{").removesuffix("}")
    # A capture that names the distribution must hold a name of the map.
    if capture in captures and capture != template:
        captures[capture] = next(
            (name for name, _ in routes.distributions() if is_distribution_name(name)), _PLACEHOLDER
        )
    return captures


def _example(pattern: str, captures: Mapping[str, str]) -> str:
    texts = {TokenKind.STAR: _PLACEHOLDER}
    return "".join(
        token.text if token.kind is TokenKind.LITERAL else texts.get(token.kind) or captures[token.text]
        for token in tokenize(pattern)
    )
