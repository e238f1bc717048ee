"""The domain of an origin → the bucket that it names.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/WebsiteEndpoints.html
"""

import re
from enum import Enum
from typing import NamedTuple

_PARTITION = r"\.(?:amazonaws\.com(?:\.cn)?|amazonaws\.eu)"
# Not any text: a bucket may have a name such as `x.s3-website`.
_REGION = r"[a-z]{2,4}(?:-[a-z]+)+-\d+"
_BUCKET = r"(?P<bucket>[a-z0-9._-]{3,255})"

_REST = re.compile(
    rf"{_BUCKET}\.s3(?:-fips|-accelerate|-external-1)?(?:\.dualstack)?(?:[.-](?P<region>{_REGION}))?{_PARTITION}"
)
_WEBSITE = re.compile(rf"{_BUCKET}\.s3-website[.-](?P<region>{_REGION}){_PARTITION}")

# Access points, also of several regions and of Object Lambda, directory buckets, and path-style endpoints.
_OTHER_S3 = re.compile(rf"(?:.+\.)?s3(?:express)?(?:[.-][a-z0-9.-]+)?{_PARTITION}")
_ALIAS = re.compile(r".+(?:-s3alias|--ol-s3|--x-s3)")


class OriginKind(Enum):
    """The kinds of origins; UNDECIDABLE is S3, behind a name that does not say the bucket."""

    REST = "S3"
    WEBSITE = "S3 website"
    UNDECIDABLE = "S3 access point"
    OTHER = "no S3"


class OriginDomain(NamedTuple):
    """The kind of a domain; the bucket, and its region if the domain names it, else ""."""

    kind: OriginKind
    bucket: str = ""
    region: str = ""


def parse_origin_domain(domain: str) -> OriginDomain:
    """Parse the domain of an origin."""
    domain = domain.lower().removesuffix(".")
    for kind, pattern in ((OriginKind.WEBSITE, _WEBSITE), (OriginKind.REST, _REST)):
        match = pattern.fullmatch(domain)
        if match and not _ALIAS.fullmatch(match["bucket"]):
            return OriginDomain(kind, match["bucket"], match["region"] or "")
    return OriginDomain(OriginKind.UNDECIDABLE if _OTHER_S3.fullmatch(domain) else OriginKind.OTHER)
