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
    # The bucket of an access point, and that of a tenant's parameter, is unknown.
    if case.has_unknown_bucket():
        return
    origins = case.bucket_origins()
    reported = set()
    for site in inspected.silenced.select_sites("bucket-not-an-origin", case.sites):
        is_origin = any(feeds(site, origin) for origin in origins)
        if is_origin or is_missing(inspected, site.bucket) or site.bucket in reported:
            continue
        reported.add(site.bucket)
        buckets = join_with_limit(sorted({origin.target.bucket for origin in origins})) or "no bucket"
        message = f"the bucket {site.bucket} is not an origin; the origins are {buckets}"
        name = (inspected.route_map.names_by_id.get(site.distribution.id) or [site.distribution.id])[0]
        fix = f"remove {name.removeprefix(TENANT)} from the route {site.route}"
        yield finding("bucket-not-an-origin", case.where, message, fix)


def is_missing(inspected: InspectedMap, bucket: str) -> bool:
    """Return whether a bucket of the map does not exist."""
    return isinstance(inspected.inspection.buckets.get(bucket), MissingBucket)


def check_origin_paths(inspected: InspectedMap, case: DistributionCase) -> Iterator[DoctorFinding]:
    """Report a site whose origin path is not an origin's: its paths are not those that viewers request."""
    for site in case.sites:
        origins = [origin for origin in case.bucket_origins() if feeds(site, origin)]
        if not origins or any(feeds_exactly(site, origin) for origin in origins):
            continue
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
        # A wrong origin path, and a misspelt bucket, have findings of their own.
        is_reported = misplaced_sites(case, origin) or _is_misspelt(inspected, case, bucket)
        if is_reported or any(feeds_exactly(site, origin) for site in case.sites):
            continue
        place = f"{S3_SCHEME}{bucket}" + (f" below {path}" if path else "")
        message = f"{place} is an origin ({origin.id}), and no route invalidates its objects here"
        route = write_route(inspected, case.distribution, bucket=bucket, origin_path=path)
        yield finding("origin-unrouted", case.where, message, route)


def _is_misspelt(inspected: InspectedMap, case: DistributionCase, bucket: str) -> bool:
    missing = [site.bucket for site in case.sites if is_missing(inspected, site.bucket)]
    return any(meant_bucket(case, name) == bucket for name in missing)


def meant_bucket(case: DistributionCase, missing: str) -> str | None:
    """Return the bucket that a missing one of the map is a misspelling of, None if no origin's is similar."""
    buckets = {
        origin.target.bucket for origin in case.bucket_origins() if not any(feeds(site, origin) for site in case.sites)
    }
    return find_nearest(missing, sorted(buckets))
