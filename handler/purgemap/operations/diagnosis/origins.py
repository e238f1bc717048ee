"""Compare the buckets and origin paths of the map with the origins of the distributions."""

from collections.abc import Iterator

from purgemap.aws.inspection import MissingBucket, OriginConfig
from purgemap.operations.diagnosis.findings import DoctorFinding, finding
from purgemap.operations.diagnosis.inspected_map import DistributionCase, InspectedMap, feeds, feeds_exactly
from purgemap.operations.diagnosis.repairs import write_option, write_route
from purgemap.routemap import TENANT, find_nearest
from purgemap.routemap.sites import Site
from purgemap.text import S3_SCHEME, join_with_limit


def check_buckets_are_origins(inspected: InspectedMap, case: DistributionCase) -> Iterator[DoctorFinding]:
    """Report a bucket of the map that its distribution does not read."""
    for bucket, site in _foreign_buckets(inspected, case).items():
        buckets = join_with_limit(sorted({origin.target.bucket for origin in case.bucket_origins()})) or "no bucket"
        message = f"the bucket {bucket} is not an origin; the origins are {buckets}"
        meant = _replacement(inspected, case, site)
        name = (inspected.route_map.names_by_id.get(site.distribution.id) or [site.distribution.id])[0]
        removal = f"remove {name.removeprefix(TENANT)} from the route {site.route}"
        fix = f"write into the route {site.route}: bucket: {meant}" if meant else removal
        yield finding("bucket-not-an-origin", case.where, message, fix)


def _foreign_buckets(inspected: InspectedMap, case: DistributionCase) -> dict[str, Site]:
    """Return the buckets that exist and are no origin, each with its first site."""
    # The bucket of an access point, and that of a tenant's parameter, is unknown.
    if case.has_unknown_bucket():
        return {}
    sites = inspected.silenced.select_sites("bucket-not-an-origin", case.sites)
    return {
        site.bucket: site
        for site in reversed(sites)
        if not is_missing(inspected, site.bucket) and not any(feeds(site, origin) for origin in case.bucket_origins())
    }


def _replacement(inspected: InspectedMap, case: DistributionCase, site: Site) -> str | None:
    """Return the bucket that a route for one distribution should name: the only origin without a route."""
    is_only = len(inspected.routes_by_name[site.route].distributions) == len(_foreign_buckets(inspected, case)) == 1
    # A route for several distributions may be right for the others.
    unrouted = _unrouted_buckets(case)
    return unrouted[0] if is_only and len(unrouted) == 1 else None


def is_missing(inspected: InspectedMap, bucket: str) -> bool:
    """Return whether a bucket of the map does not exist."""
    return isinstance(inspected.inspection.buckets.get(bucket), MissingBucket)


def check_origin_paths(inspected: InspectedMap, case: DistributionCase) -> Iterator[DoctorFinding]:
    """Report a site whose origin path is not an origin's: its paths are not those that viewers request."""
    for site in case.sites:
        origins = [origin for origin in case.bucket_origins() if feeds(site, origin)]
        if not origins or any(feeds_exactly(site, origin) for origin in origins):
            continue
        # With several origin paths the first one is as likely as the others; the next run names those without a route.
        paths = sorted({origin.path for origin in origins})
        ours, theirs = site.settings.origin_path or "none", join_with_limit([path or "none" for path in paths])
        message = f"the origin path of {site.place} is {theirs}, and the map's is {ours}"
        yield finding(
            "origin-path-differs", case.where, message, write_option(inspected, site, "origin_path", paths[0])
        )


def misplaced_sites(case: DistributionCase, origin: OriginConfig) -> list[Site]:
    """List the sites with the bucket of an origin, and an origin path that no origin of this bucket has."""
    others = [other for other in case.bucket_origins() if other.target.bucket == origin.target.bucket]
    return [
        site for site in case.sites if feeds(site, origin) and not any(feeds_exactly(site, other) for other in others)
    ]


def check_origins_are_routed(inspected: InspectedMap, case: DistributionCase) -> Iterator[DoctorFinding]:
    """Report an origin, also of a group, whose bucket and origin path no route has for this distribution."""
    if inspected.silenced.is_silenced("origin-unrouted", case.distribution.id):
        return
    for bucket, path in sorted({(origin.target.bucket, origin.path) for origin in case.bucket_origins()}):
        origin = next(o for o in case.bucket_origins() if (o.target.bucket, o.path) == (bucket, path))
        # One cause is one finding: a wrong origin path, and a wrong bucket, have their own.
        is_reported = misplaced_sites(case, origin) or _is_explained(inspected, case, bucket)
        if is_reported or any(feeds_exactly(site, origin) for site in case.sites):
            continue
        place = f"{S3_SCHEME}{bucket}" + (f" below {path}" if path else "")
        message = f"{place} is an origin ({origin.id}), and no route invalidates its objects here"
        route = write_route(inspected, case.distribution, bucket=bucket, origin_path=path)
        yield finding("origin-unrouted", case.where, message, route)


def _is_explained(inspected: InspectedMap, case: DistributionCase, bucket: str) -> bool:
    """Return whether the finding of another bucket says to write this one in its place."""
    missing = [site.bucket for site in case.sites if is_missing(inspected, site.bucket)]
    replacements = [_replacement(inspected, case, site) for site in _foreign_buckets(inspected, case).values()]
    return bucket in {*(meant_bucket(case, name) for name in missing), *replacements}


def _unrouted_buckets(case: DistributionCase) -> list[str]:
    origins = case.bucket_origins()
    return sorted({o.target.bucket for o in origins if not any(feeds(site, o) for site in case.sites)})


def meant_bucket(case: DistributionCase, missing: str) -> str | None:
    """Return the origin that a bucket which does not exist probably means: the only one without a route, or similar."""
    buckets = _unrouted_buckets(case)
    return buckets[0] if len(buckets) == 1 else find_nearest(missing, buckets)
