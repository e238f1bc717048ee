"""The configurations that operators' commands read: distributions, tenants, and buckets' notifications.

A value that could not be read is a NotRead in its place, so that a missing permission costs this value only.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from purgemap.aws.inspection.origin_domains import OriginDomain

# CloudFront itself calls it so: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesCacheBehavior.html
DEFAULT_PATTERN = "*"
"""The path pattern of a distribution's default cache behavior."""

PARAMETER = "{{"
"""The start of a parameter in an origin of a multi-tenant distribution."""


class NotRead(NamedTuple):
    """A value that could not be read; `permission` is the missing one, "" for another reason."""

    reason: str
    permission: str = ""

    def __str__(self) -> str:
        return f"not read: {self.reason}"


class OriginConfig(NamedTuple):
    """An origin; `path` is its origin path."""

    id: str
    domain: str
    path: str
    target: OriginDomain


class OriginGroup(NamedTuple):
    """A group of origins for failover, the primary one first."""

    id: str
    origins: tuple[str, ...]


class FunctionAssociation(NamedTuple):
    """A CloudFront function or a Lambda@Edge function; `event` is such as viewer-request."""

    event: str
    arn: str
    is_lambda: bool


class CacheBehavior(NamedTuple):
    """A cache behavior; `target` is the id of an origin or a group.

    `forwards_query_strings` is the legacy setting, for a behavior without a cache policy.
    """

    path_pattern: str
    target: str
    functions: tuple[FunctionAssociation, ...]
    cache_policy: str
    forwards_query_strings: bool


class ErrorPage(NamedTuple):
    """A custom error response; `path` is its page, "" for none."""

    code: int
    path: str


class CloudFrontDistribution(NamedTuple):
    """A distribution; `behaviors` are in CloudFront's order, the default one last.

    `domain` is the one that CloudFront gave. An `is_tenant_only` distribution is invalidated through its tenants; its
    origins may hold parameters such as `{{customer}}`, for which a tenant without a value has the one of `defaults`.
    """

    id: str
    account: str
    domain: str
    aliases: tuple[str, ...]
    comment: str
    is_enabled: bool
    is_staging: bool
    is_tenant_only: bool
    origins: tuple[OriginConfig, ...]
    groups: tuple[OriginGroup, ...]
    behaviors: tuple[CacheBehavior, ...]
    error_pages: tuple[ErrorPage, ...]
    default_root_object: str | NotRead
    cache_tag_header: str | NotRead
    defaults: Mapping[str, str] = MappingProxyType({})

    @property
    def has_parameters(self) -> bool:
        """Whether an origin's domain or path differs between tenants."""
        return any(PARAMETER in origin.domain + origin.path for origin in self.origins)

    def origins_of(self, target: str) -> tuple[OriginConfig, ...]:
        """Return the origins behind a behavior's target: one, or those of a group."""
        # Origins and groups share one set of ids.
        ids = next((group.origins for group in self.groups if group.id == target), (target,))
        return tuple(origin for origin in self.origins if origin.id in ids)


class CloudFrontTenant(NamedTuple):
    """A tenant of a multi-tenant distribution; `id` is without the prefix `tenant:`.

    `parameters` are read only if the distribution's origins hold any.
    """

    id: str
    account: str
    name: str
    domains: tuple[str, ...]
    distribution: str
    is_enabled: bool
    parameters: Mapping[str, str] | NotRead = MappingProxyType({})


class WebsiteConfig(NamedTuple):
    """A bucket's website: the name of its index documents, and the key of its error page, "" for none."""

    index_document: str
    error_document: str


class AccountConfigs(NamedTuple):
    """The configurations of an account; `role_arn` is the role with which they were read, "" for the caller's own.

    `has_query_strings` is by cache policy: whether query strings are part of its cache key. `function_codes` is by
    the ARN of a CloudFront function, `websites` by the bucket of a website endpoint.
    """

    account: str
    role_arn: str
    distributions: tuple[CloudFrontDistribution, ...] | NotRead
    tenants: tuple[CloudFrontTenant, ...] | NotRead
    has_query_strings: Mapping[str, bool | NotRead]
    function_codes: Mapping[str, str | NotRead]
    websites: Mapping[str, WebsiteConfig | NotRead] = MappingProxyType({})

    def uses_query_strings(self, behavior: CacheBehavior) -> bool | NotRead:
        """Return whether query strings are part of the cache key of a behavior."""
        if not behavior.cache_policy:
            return behavior.forwards_query_strings
        return self.has_query_strings.get(behavior.cache_policy, NotRead("the cache policy was not read"))


class BucketConfig(NamedTuple):
    """A bucket that exists; `account` is the one whose credentials can read it."""

    name: str
    region: str
    account: str
    sends_to_event_bridge: bool | NotRead


class MissingBucket(NamedTuple):
    """A bucket that does not exist, in any account."""

    name: str


BucketState: TypeAlias = BucketConfig | MissingBucket | NotRead
