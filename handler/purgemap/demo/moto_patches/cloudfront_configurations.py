"""Make moto's CloudFront keep and return what operators' commands read: whole configurations, tenants, cache policies.

https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DistributionConfig.html
https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DistributionTenantSummary.html
"""

import copy
import uuid
from collections.abc import Callable
from typing import Any

from moto.cloudfront import models, urls
from moto.cloudfront.exceptions import CloudFrontException
from moto.cloudfront.models import (
    CloudFrontBackend,
    DefaultCacheBehaviour,
    DistributionConfig,
    Origin,
)
from moto.cloudfront.responses import CloudFrontResponse
from moto.core.responses import ActionResult
from moto.core.utils import utcnow

from purgemap.demo.moto_patches.cloudfront import set_id
from purgemap.demo.moto_patches.registry import PATCHES, replaces

TENANT_PREFIX = "tenant:"
"""The start of the ids under which tenants are stored among the distributions."""

_PATHS = (
    *("cache-policy", "cache-policy/(?P<policy_id>[^/]+)"),
    *("distribution-tenant", "distribution-tenant/(?P<tenant_id>[^/]+)", "distribution-tenants"),
)
_PAGE_SIZE = 100


class _MissingError(CloudFrontException):
    """A request for a cache policy or tenant that does not exist."""


@PATCHES.append
def _add_operations() -> None:
    """Add operations of tenants and cache policies: create, get and list; moto: lacks them."""
    urls.url_paths |= dict.fromkeys([f"{{0}}/2020-05-31/{path}$" for path in _PATHS], CloudFrontResponse.dispatch)
    for operation in (
        create_distribution_tenant,
        get_distribution_tenant,
        list_distribution_tenants,
        create_cache_policy,
        get_cache_policy,
    ):
        setattr(CloudFrontResponse, operation.__name__, operation)


@PATCHES.append
def _list_all_fields() -> None:
    """Return Staging and ConnectionMode from ListDistributions; moto: omits them."""
    models.DISTRIBUTION_CONFIG_FIELDS += ["Staging", "ConnectionMode"]


@replaces(DistributionConfig, "__init__")
def _accept_group(original: Callable[..., None], kept: DistributionConfig, config: dict[str, Any]) -> None:
    """Accept an origin group as the default behavior's target; moto: accepts origins only."""
    behavior = config["DefaultCacheBehavior"]
    target = behavior["TargetOriginId"]
    groups = (config.get("OriginGroups") or {}).get("Items") or []
    if any(group["Id"] == target for group in groups):
        behavior["TargetOriginId"] = config["Origins"]["Items"][0]["Id"]
    original(kept, config)
    kept.DefaultCacheBehavior.target_origin_id = target  # type: ignore[attr-defined]


@replaces(DefaultCacheBehaviour, "__init__")
def _keep_associations(original: Callable[..., None], kept: DefaultCacheBehaviour, config: dict[str, Any]) -> None:
    """Keep the functions of a behavior, and no ForwardedValues beside a cache policy; moto: the reverse."""
    original(kept, config)
    kept.function_associations = config.get("FunctionAssociations") or {"Quantity": 0}
    kept.lambda_function_associations = config.get("LambdaFunctionAssociations") or {"Quantity": 0}
    if kept.cache_policy_id:
        kept.forwarded_values = None  # type: ignore[assignment]


@replaces(Origin, "__init__")
def _keep_origin(original: Callable[..., None], kept: Origin, config: dict[str, Any]) -> None:
    """Return the S3OriginConfig of an origin; moto: omits it."""
    original(kept, config)
    kept.S3OriginConfig = config.get("S3OriginConfig")  # type: ignore[attr-defined]


@replaces(CloudFrontBackend, "list_distributions")
def _list_distributions(original: Callable[..., Any], backend: CloudFrontBackend, **page: Any) -> Any:
    """List distributions only, by pages; tenants have operations of their own."""
    distributions, marker = original(backend, **page)
    return [each for each in distributions if not each.id.startswith(TENANT_PREFIX)], marker


def create_distribution_tenant(response: CloudFrontResponse) -> ActionResult:
    """Create a tenant, which can be invalidated under its id."""
    backend = response.backend
    distribution, _ = backend.get_distribution(response._get_param("DistributionId"))
    id_ = f"dt_{uuid.uuid4().hex[:24]}"
    domains = [{"Domain": item["Domain"], "Status": "active"} for item in response._get_param("Domains", [])]
    tenant = {
        "Id": id_,
        "DistributionId": distribution.id,
        "Name": response._get_param("Name"),
        "Arn": f"arn:aws:cloudfront::{backend.account_id}:distribution-tenant/{id_}",
        "Domains": domains,
        "Parameters": response._get_param("Parameters", []),
        "Enabled": response._get_param("Enabled") is not False,
        "Status": "Deployed",
        "CreatedTime": utcnow(),
        "LastModifiedTime": utcnow(),
        "ETag": "E1",
    }
    _tenants(backend)[id_] = tenant
    # Invalidations find it among the distributions.
    stored = copy.copy(distribution)
    set_id(stored, f"{TENANT_PREFIX}{id_}")
    backend.distributions[stored.id] = stored
    return ActionResult({"DistributionTenant": tenant, "ETag": "E1"})


def get_distribution_tenant(response: CloudFrontResponse) -> ActionResult:
    """Return a tenant with its parameters, which the list omits."""
    tenant = _tenants(response.backend).get(response._get_param("Identifier"))
    if tenant is None:
        raise _MissingError("EntityNotFound", "The specified distribution tenant does not exist.")
    return ActionResult({"DistributionTenant": tenant, "ETag": "E1"})


def list_distribution_tenants(response: CloudFrontResponse) -> ActionResult:
    """List the tenants of an account by pages."""
    tenants = list(_tenants(response.backend).values())
    start = int(response._get_param("Marker") or 0)
    end = start + int(response._get_param("MaxItems") or _PAGE_SIZE)
    listed = [{**tenant, "Parameters": None} for tenant in tenants[start:end]]
    result: dict[str, Any] = {"DistributionTenantList": listed}
    return ActionResult(result | ({"NextMarker": str(end)} if end < len(tenants) else {}))


def create_cache_policy(response: CloudFrontResponse) -> ActionResult:
    """Create a cache policy."""
    policy = {
        "Id": str(uuid.uuid4()),
        "LastModifiedTime": utcnow(),
        "CachePolicyConfig": response._get_param("CachePolicyConfig"),
    }
    _policies(response.backend)[policy["Id"]] = policy
    return ActionResult({"CachePolicy": policy, "ETag": "E1"})


def get_cache_policy(response: CloudFrontResponse) -> ActionResult:
    """Return a cache policy."""
    policy = _policies(response.backend).get(response._get_param("Id"))
    if policy is None:
        raise _MissingError("NoSuchCachePolicy", "The cache policy does not exist.")
    return ActionResult({"CachePolicy": policy, "ETag": "E1"})


def _tenants(backend: CloudFrontBackend) -> dict[str, dict[str, Any]]:
    tenants: dict[str, dict[str, Any]] = backend.__dict__.setdefault("distribution_tenants", {})
    return tenants


def _policies(backend: CloudFrontBackend) -> dict[str, dict[str, Any]]:
    policies: dict[str, dict[str, Any]] = backend.__dict__.setdefault("cache_policies", {})
    return policies
