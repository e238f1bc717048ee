"""Distributions as boto3's create_distribution takes them, and the refusals of an account without permissions."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from moto.cloudfront.exceptions import CloudFrontException
from moto.cloudfront.responses import CloudFrontResponse
from moto.s3.responses import S3Response

_references = itertools.count()

Settings = dict[str, Any]


def origin(bucket: str, path: str = "", *, id_: str = "s3", domain: str = "") -> Settings:
    """Return an S3 origin; `domain` replaces the bucket's REST endpoint."""
    domain = domain or f"{bucket}.s3.us-east-1.amazonaws.com"
    custom = {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "http-only"}
    is_rest = ".s3." in domain
    kind = {"S3OriginConfig": {"OriginAccessIdentity": ""}} if is_rest else {"CustomOriginConfig": custom}
    return {"Id": id_, "DomainName": domain, "OriginPath": path, **kind}


def behavior(
    target: str = "s3",
    pattern: str = "",
    *,
    functions: Sequence[tuple[str, str]] = (),
    query_strings: bool = False,
    policy: str = "",
) -> Settings:
    """Return a cache behavior; functions, also of Lambda, are pairs of event type and ARN."""
    legacy = {"ForwardedValues": {"QueryString": query_strings, "Cookies": {"Forward": "none"}}, "MinTTL": 0}
    edge = [{"EventType": event, "FunctionARN": arn} for event, arn in functions if ":lambda:" not in arn]
    lambdas = [{"EventType": event, "LambdaFunctionARN": arn} for event, arn in functions if ":lambda:" in arn]
    return {
        **({"PathPattern": pattern} if pattern else {}),
        "TargetOriginId": target,
        "ViewerProtocolPolicy": "redirect-to-https",
        **({"CachePolicyId": policy} if policy else legacy),
        "FunctionAssociations": _items(edge),
        "LambdaFunctionAssociations": _items(lambdas),
    }


def distribution(
    origins: Sequence[Settings],
    behaviors: Sequence[Settings] = (),
    *,
    aliases: Sequence[str] = (),
    groups: Mapping[str, Sequence[str]] | None = None,
    error_pages: Mapping[int, str] | None = None,
    **settings: Any,
) -> Settings:
    """Return a DistributionConfig, whose last behavior is the default one; `settings` are further fields of it."""
    failover = {"StatusCodes": {"Quantity": 1, "Items": [503]}}
    *others, default = behaviors or [behavior()]
    return {
        "CallerReference": f"reference-{next(_references)}",
        "Aliases": _items(aliases),
        "Comment": "",
        "Enabled": True,
        "DefaultRootObject": "index.html",
        "Origins": _items(origins),
        "OriginGroups": _items(
            [
                {"Id": id_, "FailoverCriteria": failover, "Members": _items([{"OriginId": each} for each in members])}
                for id_, members in (groups or {}).items()
            ]
        ),
        "DefaultCacheBehavior": default,
        "CacheBehaviors": _items(others),
        "CustomErrorResponses": _items(
            [
                {"ErrorCode": code, "ResponsePagePath": page, "ResponseCode": "200"}
                for code, page in (error_pages or {}).items()
            ]
        ),
        **settings,
    }


def _items(values: Sequence[Any]) -> Settings:
    return {"Quantity": len(values), "Items": list(values)} if values else {"Quantity": 0}


def cache_policy(query_strings: str) -> Settings:
    """Return a CachePolicyConfig; `query_strings` is none, all, whitelist or allExcept."""
    listed = {"QueryStrings": _items(["version"])} if query_strings in {"whitelist", "allExcept"} else {}
    return {
        "Name": f"policy-{next(_references)}",
        "MinTTL": 0,
        "ParametersInCacheKeyAndForwardedToOrigin": {
            "EnableAcceptEncodingGzip": True,
            "HeadersConfig": {"HeaderBehavior": "none"},
            "CookiesConfig": {"CookieBehavior": "none"},
            "QueryStringsConfig": {"QueryStringBehavior": query_strings, **listed},
        },
    }


class _DeniedError(CloudFrontException):
    """CloudFront's answer to a caller without the permission."""


def deny(monkeypatch: pytest.MonkeyPatch, *operations: str) -> None:
    """Let moto refuse operations such as `cloudfront:get_distribution_config`: it does not know IAM over HTTP."""
    for service, _, operation in (text.partition(":") for text in operations):
        owner, refuse = _REFUSALS[service]
        monkeypatch.setattr(owner, operation, refuse)


def _refuse_cloudfront(_response: CloudFrontResponse) -> Any:
    raise _DeniedError("AccessDenied", "User: arn:aws:iam::123456789012:user/reader is not authorized")


def _refuse_s3(_response: S3Response) -> tuple[int, dict[str, str], str]:
    return 403, {}, "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"


_REFUSALS: Mapping[str, tuple[type, Callable[..., Any]]] = {
    "cloudfront": (CloudFrontResponse, _refuse_cloudfront),
    "s3": (S3Response, _refuse_s3),
}
