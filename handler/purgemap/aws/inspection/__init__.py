"""The configurations of CloudFront and S3, as `purgemap discover` and `purgemap doctor` read them.

The function never loads this package.
"""

from purgemap.aws.inspection.accounts import Accounts, account_of_role
from purgemap.aws.inspection.buckets import enable_event_bridge, read_bucket
from purgemap.aws.inspection.cloudfront_reader import MAX_CONCURRENT_READS, CloudFrontReader, OnRead
from purgemap.aws.inspection.configurations import (
    DEFAULT_PATTERN,
    PARAMETER,
    AccountConfigs,
    BucketConfig,
    BucketState,
    CacheBehavior,
    CloudFrontDistribution,
    CloudFrontTenant,
    ErrorPage,
    FunctionAssociation,
    MissingBucket,
    NotRead,
    OriginConfig,
    OriginGroup,
    WebsiteConfig,
)
from purgemap.aws.inspection.origin_domains import OriginDomain, OriginKind, parse_origin_domain

__all__ = [
    "DEFAULT_PATTERN",
    "MAX_CONCURRENT_READS",
    "PARAMETER",
    "AccountConfigs",
    "Accounts",
    "BucketConfig",
    "BucketState",
    "CacheBehavior",
    "CloudFrontDistribution",
    "CloudFrontReader",
    "CloudFrontTenant",
    "ErrorPage",
    "FunctionAssociation",
    "MissingBucket",
    "NotRead",
    "OnRead",
    "OriginConfig",
    "OriginDomain",
    "OriginGroup",
    "OriginKind",
    "WebsiteConfig",
    "account_of_role",
    "enable_event_bridge",
    "parse_origin_domain",
    "read_bucket",
]
