"""How a cache behavior serves keys: index documents, clean URLs and query strings, as the map writes them."""

from collections.abc import Iterator
from typing import NamedTuple

from purgemap.aws.inspection import (
    AccountConfigs,
    CacheBehavior,
    CloudFrontDistribution,
    FunctionAssociation,
    NotRead,
    OriginConfig,
    OriginKind,
    WebsiteConfig,
)
from purgemap.operations.discovery.functions import FunctionEffect, classify_function

INDEX = "index.html"

# Responses change no path: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/lambda-cloudfront-trigger-events.html
_REQUEST_EVENTS = frozenset({"viewer-request", "origin-request"})


class Serving(NamedTuple):
    """The settings of an origin's keys under one behavior; a website also redirects `/blog` to `/blog/`."""

    index_documents: tuple[str, ...]
    clean_urls: bool
    query_strings: bool
    is_website: bool


def serving_of(
    account: AccountConfigs, distribution: CloudFrontDistribution, behavior: CacheBehavior, origin: OriginConfig
) -> Serving:
    """Return the settings of a behavior; what is unknown counts as used, so that no copy stays cached."""
    effects = [effect for effect, _ in _function_effects(account, behavior)]
    clean_urls = any(effect is not FunctionEffect.NONE for effect in effects)
    is_website = origin.target.kind is OriginKind.WEBSITE
    # A default root object is the index document of the root only. Most sites use the same name in each folder, and a
    # path too much is cheap: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DefaultRootObject.html
    root = distribution.default_root_object
    names = [root] if isinstance(root, str) and root and "/" not in root else []
    if not names or clean_urls or is_website:
        names.append(_website(account, origin).index_document or INDEX)
    return Serving(
        tuple(dict.fromkeys(reversed(names))),
        clean_urls,
        query_strings=account.uses_query_strings(behavior) is not False,
        is_website=is_website and not clean_urls,
    )


def error_document_of(account: AccountConfigs, origin: OriginConfig) -> str:
    """Return the key of the error page of a website endpoint, "" if it has none."""
    return _website(account, origin).error_document


def _website(account: AccountConfigs, origin: OriginConfig) -> WebsiteConfig:
    website = account.websites.get(origin.target.bucket) if origin.target.kind is OriginKind.WEBSITE else None
    return website if isinstance(website, WebsiteConfig) else WebsiteConfig("", "")


def unknown_settings(
    account: AccountConfigs, distribution: CloudFrontDistribution, behavior: CacheBehavior
) -> Iterator[str]:
    """Yield what could not be decided about a behavior, one sentence each."""
    for _, reason in _function_effects(account, behavior):
        if reason:
            yield f"{reason}; the map assumes clean URLs"
    query_strings = account.uses_query_strings(behavior)
    if isinstance(query_strings, NotRead):
        doubt = f"the cache policy {behavior.cache_policy} is {query_strings}"
        yield f"{doubt}; the map assumes query strings in the cache key"
    for origin in distribution.origins_of(behavior.target):
        website = account.websites.get(origin.target.bucket)
        if origin.target.kind is OriginKind.WEBSITE and isinstance(website, NotRead):
            yield f"the website of {origin.target.bucket} is {website}; the map assumes {INDEX} and no error page"
    if isinstance(distribution.default_root_object, NotRead):
        yield f"the default root object is {distribution.default_root_object}; the map assumes {INDEX}"


def _function_effects(account: AccountConfigs, behavior: CacheBehavior) -> Iterator[tuple[FunctionEffect, str]]:
    """Yield the effect of each function on requests, and why it is unknown, "" if it is known."""
    for function in behavior.functions:
        if function.event in _REQUEST_EVENTS:
            yield _function_effect(account, function)


def _function_effect(account: AccountConfigs, function: FunctionAssociation) -> tuple[FunctionEffect, str]:
    if function.is_lambda:
        name = function.arn.partition(":function:")[2] or function.arn
        return FunctionEffect.UNKNOWN, f"the Lambda@Edge function {name} may rewrite URLs"
    name = function.arn.rpartition("/")[2]
    code = account.function_codes.get(function.arn, NotRead("the function was not read"))
    if isinstance(code, NotRead):
        return FunctionEffect.UNKNOWN, f"the function {name} may rewrite URLs: its code is {code}"
    effect = classify_function(code)
    unknown = effect is FunctionEffect.UNKNOWN
    return effect, f"the function {name} rewrites URLs in a way that its code does not show" if unknown else ""
