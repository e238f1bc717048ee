"""The routes of one distribution, what could not be decided about it, or why it has none."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple
from urllib.parse import unquote

from purgemap.aws.inspection import PARAMETER, AccountConfigs, CloudFrontDistribution, OriginConfig, OriginKind
from purgemap.operations.discovery.behavior_routes import (
    SENDS_MORE,
    ServedBehavior,
    find_behavior,
    origin_prefix,
    routes_of_behaviors,
)
from purgemap.operations.discovery.discovered_route import DiscoveredRoute
from purgemap.operations.discovery.path_patterns import escape_glob, matches_everything, normalize
from purgemap.operations.discovery.serving import error_document_of, serving_of, unknown_settings

_ERROR_PAGE = "an error page is cached under the addresses that it answers"

NO_S3_ORIGIN = "no S3 origin"
"""Why most distributions without routes have none: they serve something else than objects."""


class DistributionRoutes(NamedTuple):
    """The routes of a distribution; `undecided` holds a sentence for each doubt. Without routes, `reason` says why."""

    routes: tuple[DiscoveredRoute, ...]
    undecided: tuple[str, ...]
    reason: str = ""


def build_distribution_routes(account: AccountConfigs, distribution: CloudFrontDistribution) -> DistributionRoutes:
    """Build the routes of one distribution."""
    if not distribution.is_enabled:
        return DistributionRoutes((), (), "disabled")
    kinds = {origin.target.kind for origin in distribution.origins}
    if kinds <= {OriginKind.OTHER}:
        return DistributionRoutes((), (), NO_S3_ORIGIN)
    undecided = dict.fromkeys(_undecided(account, distribution))
    behaviors = list(_served_behaviors(account, distribution))
    pages = (*_page_routes(distribution, behaviors), *_website_routes(account, behaviors))
    routes = (*routes_of_behaviors(behaviors), *pages)
    reason = "" if routes else "no cache behavior leads to a known bucket"
    return DistributionRoutes(tuple(dict.fromkeys(routes)), tuple(undecided), reason)


def _served_behaviors(account: AccountConfigs, distribution: CloudFrontDistribution) -> Iterator[ServedBehavior]:
    for behavior in distribution.behaviors:
        pattern = normalize(behavior.path_pattern)
        origins = [_decode_path(origin) for origin in distribution.origins_of(behavior.target) if is_known(origin)]
        yield ServedBehavior(
            pattern, tuple((origin, serving_of(account, distribution, behavior, origin)) for origin in origins)
        )
        if matches_everything(pattern):
            return


def is_known(origin: OriginConfig) -> bool:
    """Return whether an origin is a bucket whose name and origin path the configuration says."""
    return bool(origin.target.bucket) and not _path_problem(origin.path)


def _path_problem(path: str) -> str:
    if PARAMETER in path:
        return "holds a parameter of the tenants"
    # S3 reads a raw plus as a space, and the map has no star in origin paths.
    return "holds a + or *" if "+" in path or "*" in path else ""


def _decode_path(origin: OriginConfig) -> OriginConfig:
    # The map has keys as S3 lists them; CloudFront has a URL's path.
    return origin._replace(path=unquote(origin.path).rstrip("/"))


def _undecided(account: AccountConfigs, distribution: CloudFrontDistribution) -> Iterator[str]:
    for behavior in distribution.behaviors:
        origins = distribution.origins_of(behavior.target)
        for origin in origins:
            path = f"the paths {behavior.path_pattern}"
            if origin.target.kind is OriginKind.UNDECIDABLE or PARAMETER in origin.domain:
                yield f"{path} are served from {origin.domain}, which does not name a bucket"
            elif origin.target.bucket and (problem := _path_problem(origin.path)):
                yield f"{path} are served from the origin path {origin.path}, which {problem}"
        if any(map(is_known, origins)):
            yield from unknown_settings(account, distribution, behavior)


def _page_routes(
    distribution: CloudFrontDistribution, behaviors: Sequence[ServedBehavior]
) -> Iterator[DiscoveredRoute]:
    """Yield the routes of pages that are cached under other addresses than their own."""
    globs: dict[tuple[OriginConfig, tuple[str, ...]], list[str]] = {}
    for path in {unquote(page.path): None for page in distribution.error_pages if page.path}:
        for origin, serving in behaviors[find_behavior(behaviors, path)].servings:
            key = origin, serving.index_documents
            globs.setdefault(key, []).append(f"/{escape_glob(path.removeprefix('/'))}")
    # Without a default root object the error page also answers `/`, which `/*` is not trusted to evict.
    root = distribution.default_root_object
    items = ["/*"] if isinstance(root, str) and root else ["/", "/*"]
    for (origin, index_documents), include in globs.items():
        route = _page_route(origin, include, _ERROR_PAGE)
        yield route.with_items(*items)._replace(index_documents=index_documents)
    if isinstance(root, str) and "/" in root:
        yield from _root_routes(root, behaviors)


def _root_routes(root: str, behaviors: Sequence[ServedBehavior]) -> Iterator[DiscoveredRoute]:
    # Whether CloudFront takes the behavior of `/` or the one of the default root object is not documented.
    numbers = {find_behavior(behaviors, path) for path in ("/", f"/{root}")}
    servings = {(origin, serving.query_strings) for number in numbers for origin, serving in behaviors[number].servings}
    note = "the default root object" if len(numbers) == 1 else f"the default root object; {SENDS_MORE}"
    for origin, query_strings in sorted(servings, key=str):
        route = _page_route(origin, [f"/{escape_glob(root)}"], note)
        yield route._replace(query_strings=query_strings).with_items("/")


def _website_routes(account: AccountConfigs, behaviors: Sequence[ServedBehavior]) -> Iterator[DiscoveredRoute]:
    """Yield the routes of the error pages of website endpoints, which are keys of the whole bucket."""
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/CustomErrorDocSupport.html
    for origin in dict.fromkeys(origin for behavior in behaviors for origin, _ in behavior.servings):
        page = error_document_of(account, origin)
        if page:
            route = _page_route(origin._replace(path=""), [f"/{escape_glob(page)}"], _ERROR_PAGE)
            yield route.with_items("/", "/*")


def _page_route(origin: OriginConfig, include: Sequence[str], note: str) -> DiscoveredRoute:
    return DiscoveredRoute(origin.target.bucket, origin_prefix(origin), origin.path, tuple(include), note=note)
