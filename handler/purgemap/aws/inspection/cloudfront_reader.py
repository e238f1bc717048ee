"""Read an account's distributions, tenants, cache policies and functions over botocore."""

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from purgemap.aws.errors import THROTTLING_CODES, error_code
from purgemap.aws.inspection.accounts import Accounts, read_or_reason
from purgemap.aws.inspection.buckets import read_website
from purgemap.aws.inspection.cloudfront_answers import parse_distribution, parse_tenant
from purgemap.aws.inspection.configurations import (
    AccountConfigs,
    CloudFrontDistribution,
    CloudFrontTenant,
    NotRead,
    WebsiteConfig,
)
from purgemap.aws.inspection.origin_domains import OriginKind

_Item = TypeVar("_Item")
_Value = TypeVar("_Value")

MAX_CONCURRENT_READS = 8

# botocore's retries share a quota, which a long list uses up if CloudFront throttles. So a read waits and tries again.
_WAITS_WHEN_THROTTLED = (2, 5, 10)

OnRead = Callable[[int, int], None]
"""Receives the number of reads that are done, and of all that are known."""


class CloudFrontReader:
    """Reads the configurations of accounts; `on_read` receives the progress."""

    def __init__(
        self,
        accounts: Accounts,
        on_read: OnRead = lambda _done, _total: None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._accounts = accounts
        self._on_read = on_read
        self._sleep = sleep
        self._done = self._total = 0

    def read_account(self, account: str) -> AccountConfigs:
        """Read the configurations of an account; what can't be read is a NotRead in its place."""
        client = self._accounts.client("cloudfront", account)
        distributions = self._read_distributions(client, account)
        listed = () if isinstance(distributions, NotRead) else distributions
        behaviors = [behavior for distribution in listed for behavior in distribution.behaviors]
        # Each once: accounts share a few policies and functions among all distributions.
        policies = {behavior.cache_policy for behavior in behaviors if behavior.cache_policy}
        functions = {
            function.arn for behavior in behaviors for function in behavior.functions if not function.is_lambda
        }
        return AccountConfigs(
            account,
            self._accounts.role_arns[account],
            distributions,
            self._read_tenants(client, account, distributions),
            self._read_each(policies, "cloudfront:GetCachePolicy", partial(_read_policy, client)),
            self._read_each(functions, "cloudfront:GetFunction", partial(_read_function, client)),
            self._read_websites(listed),
        )

    def _read_distributions(self, client: Any, account: str) -> tuple[CloudFrontDistribution, ...] | NotRead:
        pages = client.get_paginator("list_distributions").paginate
        summaries = self._read("cloudfront:ListDistributions", lambda: _list_items(pages(), "DistributionList"))
        if isinstance(summaries, NotRead):
            return summaries
        ids = [str(summary["Id"]) for summary in summaries]
        configs = self._read_each(
            ids,
            "cloudfront:GetDistributionConfig",
            lambda id_: client.get_distribution_config(Id=id_)["DistributionConfig"],
        )
        return tuple(
            parse_distribution(summary, configs[id_], account) for id_, summary in zip(ids, summaries, strict=True)
        )

    def _read_tenants(
        self, client: Any, account: str, distributions: tuple[CloudFrontDistribution, ...] | NotRead
    ) -> tuple[CloudFrontTenant, ...] | NotRead:
        # Only a multi-tenant distribution has tenants; without one no permission is needed.
        if not isinstance(distributions, NotRead) and not any(each.is_tenant_only for each in distributions):
            return ()
        pages = client.get_paginator("list_distribution_tenants").paginate
        summaries = self._read(
            "cloudfront:ListDistributionTenants",
            lambda: [item for page in pages() for item in page.get("DistributionTenantList", ())],
        )
        if isinstance(summaries, NotRead):
            return summaries
        tenants = [parse_tenant(summary, account) for summary in summaries]
        listed = () if isinstance(distributions, NotRead) else distributions
        with_parameters = {each.id for each in listed if each.has_parameters}
        ids = [tenant.id for tenant in tenants if tenant.distribution in with_parameters and tenant.is_enabled]
        values = self._read_each(ids, "cloudfront:GetDistributionTenant", partial(_read_parameters, client))
        return tuple(tenant._replace(parameters=values.get(tenant.id, {})) for tenant in tenants)

    def _read_websites(self, distributions: Iterable[CloudFrontDistribution]) -> Mapping[str, WebsiteConfig | NotRead]:
        origins = {origin.target for distribution in distributions for origin in distribution.origins}
        websites = {origin for origin in origins if origin.kind is OriginKind.WEBSITE}
        configs = self._read_each(websites, "s3:GetBucketWebsite", partial(read_website, self._accounts))
        return {origin.bucket: config for origin, config in configs.items()}

    def _read_each(
        self, items: Iterable[_Item], permission: str, read: Callable[[_Item], _Value]
    ) -> Mapping[_Item, _Value | NotRead]:
        """Read a value for each item, at most eight at a time."""
        ordered = sorted(set(items), key=str)
        self._total += len(ordered)
        self._on_read(self._done, self._total)
        values: dict[_Item, _Value | NotRead] = {}
        with ThreadPoolExecutor(MAX_CONCURRENT_READS) as pool:
            for item, value in zip(
                ordered, pool.map(lambda item: self._read(permission, partial(read, item)), ordered), strict=True
            ):
                values[item] = value
                self._done += 1
                self._on_read(self._done, self._total)
        return values

    def _read(self, permission: str, read: Callable[[], _Value]) -> _Value | NotRead:
        return read_or_reason(permission, partial(self._read_patiently, read))

    def _read_patiently(self, read: Callable[[], _Value]) -> _Value:
        for wait in _WAITS_WHEN_THROTTLED:
            try:
                return read()
            except ClientError as error:
                if error_code(error) not in THROTTLING_CODES:
                    raise
            self._sleep(wait)
        return read()


def _list_items(pages: Iterable[Any], field: str) -> list[dict[str, Any]]:
    return [item for page in pages for item in page[field].get("Items") or ()]


def _read_parameters(client: Any, tenant: str) -> Mapping[str, str]:
    parameters = client.get_distribution_tenant(Identifier=tenant)["DistributionTenant"].get("Parameters") or ()
    return {str(parameter["Name"]): str(parameter["Value"]) for parameter in parameters}


def _read_policy(client: Any, id_: str) -> bool:
    config = client.get_cache_policy(Id=id_)["CachePolicy"]["CachePolicyConfig"]
    key = config.get("ParametersInCacheKeyAndForwardedToOrigin", {})
    return bool(key.get("QueryStringsConfig", {}).get("QueryStringBehavior", "none") != "none")


def _read_function(client: Any, arn: str) -> str:
    # Viewers meet the LIVE stage: https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_GetFunction.html
    answer = client.get_function(Name=arn.rpartition("/")[2], Stage="LIVE")
    return str(answer["FunctionCode"].read().decode(errors="replace"))
