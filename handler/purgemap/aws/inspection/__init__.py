"""The configurations of CloudFront and S3, as `purgemap discover` and `purgemap doctor` read them.

The function never loads this package.
"""

from purgemap.aws.inspection.accounts import Accounts, account_of_role, read_or_reason
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
from purgemap.aws.inspection.roles import (
    ActionsOnResource,
    MissingRole,
    find_denied,
    read_trust_policy,
    try_to_assume,
)
from purgemap.aws.inspection.rules import (
    FAILURE_MINUTES,
    RuleConfig,
    read_failed_deliveries,
    read_forwarding,
    read_rules,
)
from purgemap.aws.inspection.running_service import FunctionConfig, QueueConfig, read_function, read_queue

__all__ = [
    "DEFAULT_PATTERN",
    "FAILURE_MINUTES",
    "MAX_CONCURRENT_READS",
    "PARAMETER",
    "AccountConfigs",
    "Accounts",
    "ActionsOnResource",
    "BucketConfig",
    "BucketState",
    "CacheBehavior",
    "CloudFrontDistribution",
    "CloudFrontReader",
    "CloudFrontTenant",
    "ErrorPage",
    "FunctionAssociation",
    "FunctionConfig",
    "MissingBucket",
    "MissingRole",
    "NotRead",
    "OnRead",
    "OriginConfig",
    "OriginDomain",
    "OriginGroup",
    "OriginKind",
    "QueueConfig",
    "RuleConfig",
    "WebsiteConfig",
    "account_of_role",
    "enable_event_bridge",
    "find_denied",
    "parse_origin_domain",
    "read_bucket",
    "read_failed_deliveries",
    "read_forwarding",
    "read_function",
    "read_or_reason",
    "read_queue",
    "read_rules",
    "read_trust_policy",
    "try_to_assume",
]
