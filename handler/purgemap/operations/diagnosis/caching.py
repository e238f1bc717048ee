"""Check that the map invalidates under every path and variant that the distributions cache."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from urllib.parse import unquote

from purgemap.aws.inspection import CacheBehavior, FunctionAssociation, NotRead, OriginConfig
from purgemap.operations.diagnosis.findings import DoctorFinding, describe_not_read, finding
from purgemap.operations.diagnosis.inspected_map import DistributionCase, InspectedMap, feeds, feeds_exactly
from purgemap.operations.diagnosis.repairs import update_distribution, write_option, write_route
from purgemap.operations.discovery.path_patterns import escape_glob, intersects, normalize
from purgemap.operations.preview import preview_routed_change
from purgemap.routemap.sites import Site
from purgemap.text import join_with_limit

# Functions on responses can't change a path: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/edge-function-restrictions-all.html
_REQUEST_EVENTS = frozenset({"viewer-request", "origin-request"})
_EVERYTHING = "/*"
_TAG = "#"
# The console's choice; S3 sends only headers that start with x-amz-meta-.
_TAG_HEADER = "x-amz-meta-cache-tag"


def check_rewrites(inspected: InspectedMap, case: DistributionCase) -> Iterator[DoctorFinding]:
    """Report functions that may rewrite paths, while the map expects objects under their own paths only."""
    behaviors = [behavior for behavior in case.config.behaviors if _request_functions(behavior)]
    sites = _sites_behind(case, behaviors, inspected.silenced.select_sites("url-rewritten", case.sites))
    site = next((site for site in sites if not site.settings.clean_urls and not _covers_all(site)), None)
    if site:
        names = sorted({name for behavior in behaviors for name in _request_functions(behavior)})
        message = (
            f"{join_with_limit(names)} may serve {site.place} under other paths, such as /blog for blog/index.html; "
            "if not, silence url-rewritten"
        )
        yield finding("url-rewritten", case.where, message, write_option(inspected, site, "clean_urls", value=True))


def _request_functions(behavior: CacheBehavior) -> list[str]:
    functions = (function for function in behavior.functions if function.event in _REQUEST_EVENTS)
    return [f"{_name(function)} ({function.event})" for function in functions]


def _name(function: FunctionAssociation) -> str:
    # arn:aws:lambda:REGION:ACCOUNT:function:NAME:VERSION, arn:aws:cloudfront::ACCOUNT:function/NAME
    return function.arn.split(":")[6] if function.is_lambda else function.arn.rpartition("/")[2]


def check_query_strings(inspected: InspectedMap, case: DistributionCase) -> Iterator[DoctorFinding]:
    """Report query strings in a cache key, while the map invalidates the variant without one only."""
    behaviors = []
    for behavior in case.config.behaviors:
        uses = case.account.uses_query_strings(behavior)
        if isinstance(uses, NotRead):
            yield describe_not_read(case.where, f"the cache policy {behavior.cache_policy}", uses)
        elif uses:
            behaviors.append(behavior)
    sites = _sites_behind(case, behaviors, inspected.silenced.select_sites("query-strings-in-cache-key", case.sites))
    site = next((site for site in sites if not site.settings.query_strings and not _covers_variants(site)), None)
    if site:
        patterns = join_with_limit([behavior.path_pattern for behavior in behaviors])
        message = f"query strings are part of the cache key of {patterns}, and {site.place} is invalidated without them"
        fix = write_option(inspected, site, "query_strings", value=True)
        yield finding("query-strings-in-cache-key", case.where, message, fix)


def _sites_behind(case: DistributionCase, behaviors: Iterable[CacheBehavior], sites: Iterable[Site]) -> list[Site]:
    """List the sites whose bucket is behind one of the behaviors."""
    origins = [origin for behavior in behaviors for origin in case.config.origins_of(behavior.target)]
    # The bucket of an access point is unknown, so it may be the site's.
    is_any = bool(origins) and case.has_unknown_bucket()
    return [site for site in sites if is_any or any(feeds(site, origin) for origin in origins)]


def _covers_all(site: Site) -> bool:
    return _covers(site, lambda template: template == _EVERYTHING)


def _covers_variants(site: Site) -> bool:
    return _covers(site, lambda template: template in {_EVERYTHING, "{path}*"})


def _covers(site: Site, is_covering: Callable[[str], bool]) -> bool:
    """Return whether a site's own paths need no check: a wildcard or a tag covers each object's."""
    return any(is_covering(template) or template.startswith(_TAG) for template in site.settings.invalidate)


def check_root_object(inspected: InspectedMap, case: DistributionCase) -> Iterator[DoctorFinding]:
    """Report a default root object whose change does not invalidate `/`."""
    root = case.config.default_root_object
    if isinstance(root, NotRead):
        yield describe_not_read(case.where, "the default root object and the cache tag header", root)
        return
    sites = inspected.silenced.select_sites("default-root-object", case.sites)
    for origin in _routed_origins(case, case.config.behaviors[-1]) if root else ():
        items = _items_of(inspected, case, origin, f"/{root}")
        site = next((site for site in sites if feeds_exactly(site, origin)), None)
        if site and items and not _is_covered(items, "/"):
            message = f"viewers get {root} as /, and its change does not invalidate /"
            yield finding("default-root-object", case.where, message, _repair_root(inspected, site, origin, root))
            return


def _repair_root(inspected: InspectedMap, site: Site, origin: OriginConfig, root: str) -> str:
    if "/" not in root:
        return write_option(inspected, site, "index_documents", (*site.settings.index_documents, root))
    # An index document is a name in any folder, so this one needs a route.
    return _write_page_route(inspected, site, origin, f"/{root}", "/")


def check_website_index(inspected: InspectedMap, case: DistributionCase) -> Iterator[DoctorFinding]:
    """Report the index document of a website endpoint, which S3 returns for every folder, if the map has another."""
    sites = inspected.silenced.select_sites("default-root-object", case.sites)
    for bucket, website in sorted(case.account.websites.items()):
        origins = [origin for origin in case.bucket_origins() if origin.target.bucket == bucket]
        site = next((site for site in sites if any(feeds_exactly(site, origin) for origin in origins)), None)
        if site is None:
            continue
        if isinstance(website, NotRead):
            # Without a permission the reason is that the bucket has no website, so viewers get errors only.
            if website.permission:
                yield describe_not_read(f"s3://{bucket}", "its website", website)
        elif website.index_document and website.index_document not in site.settings.index_documents:
            index = website.index_document
            message = f"the website of {bucket} returns {index} for a folder, and its change does not invalidate that"
            yield finding("default-root-object", case.where, message, _repair_root(inspected, site, origins[0], index))


def check_error_pages(inspected: InspectedMap, case: DistributionCase) -> Iterator[DoctorFinding]:
    """Report error pages, which are cached under every path that had the error, without a route to `/*`."""
    if inspected.silenced.is_silenced("error-page-cached", case.distribution.id):
        return
    for page in sorted({page.path for page in case.config.error_pages if page.path.startswith("/")}):
        for origin in _routed_origins(case, _find_behavior(case.config.behaviors, page)):
            items = _items_of(inspected, case, origin, page)
            site = next(site for site in case.sites if feeds_exactly(site, origin))
            if not _is_covered(items, _EVERYTHING):
                codes = sorted({response.code for response in case.config.error_pages if response.path == page})
                message = f"{page} is cached under every path that answered {join_with_limit([*map(str, codes)])}"
                fix = _write_page_route(inspected, site, origin, page, _EVERYTHING)
                yield finding("error-page-cached", case.where, message, fix)
                break


def _find_behavior(behaviors: Sequence[CacheBehavior], path: str) -> CacheBehavior:
    """Return the first behavior whose pattern matches a path, else the default one, which is the last."""
    return next(
        (behavior for behavior in behaviors if intersects(normalize(behavior.path_pattern), path)), behaviors[-1]
    )


def _routed_origins(case: DistributionCase, behavior: CacheBehavior) -> list[OriginConfig]:
    """List the origins behind a behavior that the map routes as they are; others have findings of their own."""
    origins = case.config.origins_of(behavior.target)
    return [origin for origin in origins if any(feeds_exactly(site, origin) for site in case.sites)]


def _items_of(inspected: InspectedMap, case: DistributionCase, origin: OriginConfig, path: str) -> tuple[str, ...]:
    """Return the items that a change of a page sends to the distribution."""
    key = f"{origin.path}{unquote(path)}".removeprefix("/")
    return preview_routed_change(inspected.router, origin.target.bucket, key, "created").get(case.distribution.id, ())


def _is_covered(items: Iterable[str], path: str) -> bool:
    return any(item in {path, _EVERYTHING} or item.startswith(_TAG) for item in items)


def _write_page_route(inspected: InspectedMap, site: Site, origin: OriginConfig, page: str, item: str) -> str:
    # The globs of `include` are for the key after the route's prefix, which this route has none of.
    return write_route(
        inspected,
        site.distribution,
        bucket=origin.target.bucket,
        origin_path=origin.path,
        include=[escape_glob(f"{origin.path}{unquote(page)}")],
        invalidate=[item],
    )


def check_tags(_inspected: InspectedMap, case: DistributionCase) -> Iterator[DoctorFinding]:
    """Report cache tags that are invalidated, while the distribution reads none from its origins."""
    tags = sorted({item for site in case.sites for item in site.settings.invalidate if item.startswith(_TAG)})
    if tags and case.config.cache_tag_header == "":
        message = f"{join_with_limit(tags)} evicts nothing: the distribution has no CacheTagConfig"
        fix = update_distribution(case.config.id, {"CacheTagConfig": {"HeaderName": _TAG_HEADER}})
        yield finding("tags-without-header", case.where, message, fix)
