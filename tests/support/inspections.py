"""What AWS has, as values: distributions by their configurations, and buckets by their names."""

from collections.abc import Iterable, Mapping
from typing import Any

from purgemap.aws.inspection import (
    AccountConfigs,
    BucketConfig,
    BucketState,
    CloudFrontTenant,
    MissingBucket,
    NotRead,
    WebsiteConfig,
)
from purgemap.aws.inspection.cloudfront_answers import parse_distribution
from purgemap.operations.diagnosis import MapInspection

OWN, OTHER = "111111111111", "222222222222"


def account(
    distributions: Mapping[str, Mapping[str, Any]],
    tenants: Iterable[CloudFrontTenant] = (),
    *,
    number: str = OWN,
    policies: Mapping[str, bool] | None = None,
    websites: Mapping[str, WebsiteConfig | NotRead] | None = None,
) -> AccountConfigs:
    """Return an account with distributions by id, each a DistributionConfig."""
    configs = [parse_distribution({"Id": id_, **config}, config, number) for id_, config in distributions.items()]
    return AccountConfigs(number, "", tuple(configs), tuple(tenants), policies or {}, {}, websites or {})


def inspection(accounts: Iterable[AccountConfigs], buckets: Iterable[str] = (), missing: str = "") -> MapInspection:
    """Return accounts, healthy buckets, and one that does not exist."""
    states: dict[str, BucketState] = {
        name: BucketConfig(name, "us-east-1", OWN, sends_to_event_bridge=True) for name in buckets
    }
    if missing:
        states[missing] = MissingBucket(missing)
    return MapInspection(OWN, {each.account: each for each in accounts}, states)
