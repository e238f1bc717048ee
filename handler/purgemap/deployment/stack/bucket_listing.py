"""List the keys of a map's buckets with the operator's permissions."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from botocore.exceptions import ClientError

from purgemap.aws import error_code, translate_errors
from purgemap.errors import PurgemapError
from purgemap.routemap import Pattern, RouteMap

MAX_LISTED_KEYS = 5_000_000
"""A larger bucket is not listed: 5,000 requests take about ten minutes and cost $0.025."""

# https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
_MISSING_CODES = frozenset({"404", "NoSuchBucket"})
_DENIED_CODES = frozenset({"403", "AccessDenied", "AllAccessDisabled"})


def find_buckets(s3: Any, route_map: RouteMap, warn: Callable[[str], None]) -> list[str]:
    """Return the map's buckets, and the account's own that match a pattern; warns if those are not known."""
    buckets = set(route_map.buckets)
    if route_map.patterns:
        patterns = [Pattern(pattern, full_match=True) for pattern, _ in route_map.patterns]
        try:
            buckets |= {name for name in _own_buckets(s3) if any(pattern.match(name) for pattern in patterns)}
        except PurgemapError as error:
            warn(f"buckets that match a pattern of the map are not listed: {_describe(error, 's3:ListAllMyBuckets')}")
    return sorted(buckets)


def _own_buckets(s3: Any) -> list[str]:
    with translate_errors():
        pages = s3.get_paginator("list_buckets").paginate(PaginationConfig={"PageSize": 1_000})
        return [bucket["Name"] for page in pages for bucket in page.get("Buckets", [])]


def list_pages(s3: Any, bucket: str, max_keys: int = MAX_LISTED_KEYS) -> Iterator[Sequence[str]]:
    """Yield the keys of a bucket, up to 1,000 a request; raises PurgemapError for one that cannot be listed."""
    listed = 0
    try:
        with translate_errors():
            for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
                keys = [entry["Key"] for entry in page.get("Contents", [])]
                listed += len(keys)
                if listed > max_keys:
                    break
                yield keys
    except PurgemapError as error:
        raise PurgemapError(f"{bucket} is not listed: {_describe(error, 's3:ListBucket')}") from None
    if listed > max_keys:
        advice = f"pass them with --listing {bucket}=FILE"
        raise PurgemapError(f"{bucket} is not listed: it has more than {max_keys:,} objects; {advice}")


def _describe(error: PurgemapError, permission: str) -> str:
    cause = error.__cause__
    code = error_code(cause) if isinstance(cause, ClientError) else ""
    if code in _MISSING_CODES:
        return "it does not exist"
    return f"needs {permission}" if code in _DENIED_CODES else str(error)
