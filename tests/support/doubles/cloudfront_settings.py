"""The double's quotas and behaviour; the defaults are the strictest of all published quotas, old and new.

Pages of https://docs.aws.amazon.com/ cited below:
[limits] AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html, [gr] general/latest/gr/cf_region.html
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple


class Rate(NamedTuple):
    """A token bucket: it refills by `per_second`, and holds `burst` at most."""

    per_second: float
    burst: float


# "150 paths or tags per second" and "1 wildcard invalidation per second" [limits]; the bursts are unpublished
PATH_RATE = Rate(per_second=150, burst=150)
WILDCARD_RATE = Rate(per_second=1, burst=15)
# The strictest reading of that line: a request of two wildcards is always refused
WILDCARD_RATE_WITHOUT_BURST = Rate(per_second=1, burst=1)

# "The default CreateInvalidation rate limit is 0.5"; some 6 to 15 quick calls go through before it bites:
# https://github.com/aws/aws-sdk-js/issues/3983
CALL_RATE = Rate(per_second=0.5, burst=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Quotas (None: unlimited) of items in progress per distribution, and of calls per account."""

    # 3,000 files and, independently, 15 wildcards in progress. [gr], and [limits] until April 2026
    paths_in_progress: int | None = 3_000
    wildcards_in_progress: int | None = 15
    path_rate: Rate | None = PATH_RATE
    wildcard_rate: Rate | None = WILDCARD_RATE
    # AWS does not publish which of both these rates are for.
    rates_per: Literal["distribution", "account"] = "distribution"
    # AWS does not publish the code for an exceeded rate; other tools treat both codes as a full quota.
    rate_code: Literal["TooManyInvalidationsInProgress", "Throttling"] = "TooManyInvalidationsInProgress"
    call_rate: Rate | None = CALL_RATE
    # The API model has no maximum; Terraform's provider documents 3,000
    max_items: int = 3_000
    # "under 5 seconds at P95" and "under 25 seconds at P95":
    # https://aws.amazon.com/about-aws/whats-new/2026/04/cloudfront-invalidation-cache-tag/
    seconds_to_effect: float = 5.0
    seconds_to_complete: float = 25.0
    # The strict reading: /dev/* was seen to leave /dev/ itself in the cache.
    spares_stem: bool = True
    # "CloudFront doesn't support this character for invalidations, whether it's URL-encoded or not":
    # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/invalidation-specifying-objects.html
    ignores_tilde: bool = True
    # The code for a caller reference with other items.
    conflict_code: Literal["InvalidArgument", "InvalidationBatchAlreadyExists"] = "InvalidArgument"
    # Accounts and role ARNs whose calls get AccessDenied.
    denied: frozenset[str] = frozenset()
