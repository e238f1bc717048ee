"""CloudFront's answers → the configurations of distributions and tenants."""

from collections.abc import Iterator, Mapping
from typing import Any

from purgemap.aws.inspection.configurations import (
    DEFAULT_PATTERN,
    CacheBehavior,
    CloudFrontDistribution,
    CloudFrontTenant,
    ErrorPage,
    FunctionAssociation,
    NotRead,
    OriginConfig,
    OriginGroup,
)
from purgemap.aws.inspection.origin_domains import parse_origin_domain

_TENANT_ONLY = "tenant-only"


def parse_distribution(
    summary: Mapping[str, Any], config: Mapping[str, Any] | NotRead, account: str
) -> CloudFrontDistribution:
    """Parse ListDistributions' summary, which lacks two settings of the distribution's config."""
    # https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DistributionSummary.html
    settings = summary if isinstance(config, NotRead) else config
    root_object: str | NotRead = str(settings.get("DefaultRootObject") or "")
    tag_header: str | NotRead = str((settings.get("CacheTagConfig") or {}).get("HeaderName", ""))
    if isinstance(config, NotRead):
        root_object = tag_header = config
    return CloudFrontDistribution(
        id=str(summary["Id"]),
        account=account,
        domain=str(summary.get("DomainName", "")),
        aliases=tuple(_items(settings, "Aliases")),
        comment=str(settings.get("Comment", "")),
        is_enabled=bool(settings.get("Enabled", True)),
        is_staging=bool(settings.get("Staging", False)),
        is_tenant_only=settings.get("ConnectionMode") == _TENANT_ONLY,
        origins=tuple(map(_parse_origin, _items(settings, "Origins"))),
        groups=tuple(map(_parse_group, _items(settings, "OriginGroups"))),
        behaviors=tuple(_parse_behaviors(settings)),
        error_pages=tuple(map(_parse_error_page, _items(settings, "CustomErrorResponses"))),
        default_root_object=root_object,
        cache_tag_header=tag_header,
        defaults=dict(_parse_defaults(settings)),
    )


def _parse_defaults(settings: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    # https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_TenantConfig.html
    for parameter in (settings.get("TenantConfig") or {}).get("ParameterDefinitions") or ():
        schema = parameter["Definition"].get("StringSchema") or {}
        if "DefaultValue" in schema:
            yield str(parameter["Name"]), str(schema["DefaultValue"])


def parse_tenant(summary: Mapping[str, Any], account: str) -> CloudFrontTenant:
    """Parse an item of ListDistributionTenants."""
    return CloudFrontTenant(
        id=str(summary["Id"]),
        account=account,
        name=str(summary.get("Name", "")),
        domains=tuple(str(domain["Domain"]) for domain in summary.get("Domains") or ()),
        distribution=str(summary["DistributionId"]),
        is_enabled=bool(summary.get("Enabled", True)),
    )


def _items(settings: Mapping[str, Any], field: str) -> list[Any]:
    return list((settings.get(field) or {}).get("Items") or ())


def _parse_origin(origin: Mapping[str, Any]) -> OriginConfig:
    domain = str(origin["DomainName"])
    return OriginConfig(str(origin["Id"]), domain, str(origin.get("OriginPath", "")), parse_origin_domain(domain))


def _parse_group(group: Mapping[str, Any]) -> OriginGroup:
    return OriginGroup(str(group["Id"]), tuple(str(member["OriginId"]) for member in _items(group, "Members")))


def _parse_behaviors(settings: Mapping[str, Any]) -> Iterator[CacheBehavior]:
    # CloudFront takes the first behavior whose pattern matches, and the default one if none does:
    # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesCacheBehavior.html
    for behavior in _items(settings, "CacheBehaviors"):
        yield _parse_behavior(behavior, str(behavior["PathPattern"]))
    yield _parse_behavior(settings["DefaultCacheBehavior"], DEFAULT_PATTERN)


def _parse_behavior(behavior: Mapping[str, Any], path_pattern: str) -> CacheBehavior:
    associations = [
        *((item, "FunctionARN", False) for item in _items(behavior, "FunctionAssociations")),
        *((item, "LambdaFunctionARN", True) for item in _items(behavior, "LambdaFunctionAssociations")),
    ]
    return CacheBehavior(
        path_pattern,
        str(behavior["TargetOriginId"]),
        tuple(
            FunctionAssociation(str(item["EventType"]), str(item[field]), is_lambda)
            for item, field, is_lambda in associations
        ),
        str(behavior.get("CachePolicyId") or ""),
        bool((behavior.get("ForwardedValues") or {}).get("QueryString", False)),
    )


def _parse_error_page(response: Mapping[str, Any]) -> ErrorPage:
    return ErrorPage(int(response["ErrorCode"]), str(response.get("ResponsePagePath") or ""))
