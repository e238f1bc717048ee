"""Make moto's CloudFront accept and refuse invalidations as AWS's does.

Paths: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/invalidation-specifying-objects.html
Requests: https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateInvalidation.html
"""

import datetime as dt
import re
import secrets
import string
import threading
from collections.abc import Callable
from typing import Any

from moto.cloudfront import urls
from moto.cloudfront.exceptions import CloudFrontException, NoSuchDistribution
from moto.cloudfront.models import CloudFrontBackend, Distribution, Invalidation, cloudfront_backends
from moto.cloudfront.responses import CloudFrontResponse
from moto.core.utils import utcnow

from purgemap.demo.moto_patches.registry import PATCHES, replaces

COMPLETION = dt.timedelta(seconds=1)  # AWS: 25 s at P95, too long for a demo or a test
_MAX_PATH_LENGTH = 4000
# Control characters, non-ASCII, RFC 1738's unsafe characters, and a "%" that does not begin an escape.
_INVALID_CHARACTER = re.compile(r"[^!-~]|[<>\"#{}|\\^~\[\]`]|%(?![0-9A-Fa-f]{2})")
_TAG = re.compile(r"#[!-+\--~]{1,256}")
_creating = threading.Lock()


@PATCHES.append
def _complete_invalidations_in_time() -> None:
    """Return InProgress, then Completed; moto: COMPLETED, for which boto's waiter waits forever."""
    Invalidation.status = property(_status, lambda _invalidation, _status: None)  # type: ignore[assignment]


@PATCHES.append
def _answer_for_tenants() -> None:
    """Accept invalidations of distribution tenants; moto: lacks their operations.

    A tenant is stored as a distribution with the id `tenant:ID`; `LocalAws.create_distribution` creates it.
    """
    path = "{0}/2020-05-31/distribution-tenant/(?P<tenant_id>[^/]+)/invalidation"
    urls.url_paths |= dict.fromkeys([f"{path}$", f"{path}/(?P<invalidation_id>[^/]+)$"], CloudFrontResponse.dispatch)
    for operation, parameter in {"create": "Id", "get": "DistributionTenantId", "list": "Id"}.items():
        name = f"{operation}_invalidation{'s' if operation == 'list' else ''}"
        setattr(CloudFrontResponse, f"{name}_for_distribution_tenant", _tenant_operation(name, parameter))


def rename_distribution(*, account_id: str, old: str, new: str) -> None:
    """Give a distribution the id of a map; AWS itself would generate one."""
    backend = cloudfront_backends[account_id]["aws"]
    set_id(backend.distributions[old], new)
    backend.distributions[new] = backend.distributions.pop(old)


def count_invalidations(account_id: str) -> int:
    """Count the invalidations of an account, without a request for each distribution."""
    return sum(map(len, list(cloudfront_backends[account_id]["aws"].invalidations.values())))


class _RefusedRequestError(CloudFrontException):
    """A request for an invalidation that CloudFront refuses."""


@replaces(Distribution, "__init__")
def _name_distribution(original: Callable[..., None], distribution: Distribution, *args: Any, **kwargs: Any) -> None:
    """Begin a distribution's id with E and an invalidation's with I; moto: with any letter."""
    original(distribution, *args, **kwargs)
    set_id(distribution, "E" + _random_characters())


def set_id(distribution: Distribution, new: str) -> None:
    """Give a distribution another id."""
    distribution.arn = distribution.arn.rpartition("/")[0] + f"/{new}"
    distribution.id = distribution.distribution_id = new


def _random_characters() -> str:
    return "".join(secrets.choice(string.ascii_uppercase + string.digits) for _ in range(13))


def _status(invalidation: Invalidation) -> str:
    return "InProgress" if utcnow() - invalidation.create_time < COMPLETION else "Completed"


@replaces(CloudFrontBackend, "create_invalidation")
def _create_invalidation(
    _original: Callable[..., Invalidation], backend: CloudFrontBackend, dist_id: str, paths: list[str], caller_ref: str
) -> Invalidation:
    """Create one invalidation per CallerReference; moto: a new one for each call.

    AWS returns the existing invalidation for the same items, and refuses other items with the message in
    https://github.com/aws/aws-cdk/issues/3878.
    """
    distribution, _ = backend.get_distribution(dist_id)
    with _creating:
        existing = backend.invalidations.setdefault(dist_id, [])
        for invalidation in existing:
            if invalidation.caller_ref == caller_ref:
                return _replay(invalidation, paths)
        created = Invalidation(distribution, paths, caller_ref)
        # Before it is listed: a reader in another thread keeps the id that it sees.
        created.id = "I" + _random_characters()
        existing.insert(0, created)
        return created


def _replay(invalidation: Invalidation, paths: list[str]) -> Invalidation:
    if sorted(invalidation.paths) != sorted(paths):
        raise _RefusedRequestError(
            "InvalidArgument",
            "Your request contains a caller reference that was used for a previous invalidation batch "
            "for the same distribution.",
        )
    return invalidation


@replaces(CloudFrontBackend, "list_invalidations")
def _list_invalidations(original: Callable[..., Any], backend: CloudFrontBackend, dist_id: str, **page: Any) -> Any:
    """List invalidations newest first, and refuse an unknown distribution.

    moto: oldest first, and an empty list for any id. `_create_invalidation` stores them in reverse order.
    """
    if dist_id not in backend.distributions:
        raise NoSuchDistribution
    return original(backend, dist_id=dist_id, **page)


@replaces(CloudFrontResponse, "create_invalidation")
def _check_invalidation(original: Callable[..., Any], response: CloudFrontResponse) -> Any:
    """Refuse the whole request for one invalid path; moto: accepts any."""
    batch = response._get_param("InvalidationBatch", {})
    items = batch["Paths"].get("Items") or []
    if batch["Paths"]["Quantity"] != len(items):
        raise _RefusedRequestError("InconsistentQuantities", "The value of Quantity and the size of Items don't match.")
    if not items or not all(_is_valid_item(item) for item in items):
        raise _RefusedRequestError("InvalidArgument", "Your request contains one or more invalid invalidation paths.")
    return original(response)


def _tenant_operation(name: str, parameter: str) -> Callable[[CloudFrontResponse], Any]:
    def answer(response: CloudFrontResponse) -> Any:
        response.params["DistributionId"] = f"tenant:{response._get_param(parameter)}"
        try:
            return getattr(response, name)()
        except NoSuchDistribution:
            raise _RefusedRequestError("EntityNotFound", "The specified distribution tenant does not exist.") from None

    return answer


def _is_valid_item(item: str) -> bool:
    if item.startswith("#"):
        return _TAG.fullmatch(item) is not None
    return item.startswith("/") and len(item) <= _MAX_PATH_LENGTH and not _INVALID_CHARACTER.search(item)
