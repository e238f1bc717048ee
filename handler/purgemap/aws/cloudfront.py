"""CloudFront over botocore: create invalidations, and read past ones."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from botocore.exceptions import ClientError, ParamValidationError

from purgemap.aws.clients import Aws
from purgemap.aws.errors import AWS_ERRORS, THROTTLING_CODES, describe_error, error_code
from purgemap.delivery import FailureKind, InvalidationError, InvalidationPage, ListedInvalidation
from purgemap.errors import PurgemapError
from purgemap.routemap import TENANT, Distribution

# Any other code is a SERVER_ERROR, which is retried.
# https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateInvalidation.html#API_CreateInvalidation_Errors
FAILURE_KINDS = {
    **dict.fromkeys(THROTTLING_CODES, FailureKind.THROTTLED),
    "TooManyInvalidationsInProgress": FailureKind.QUOTA_EXCEEDED,
    "AccessDenied": FailureKind.ACCESS_DENIED,
    "AccessDeniedException": FailureKind.ACCESS_DENIED,
    "NoSuchDistribution": FailureKind.NOT_FOUND,
    "EntityNotFound": FailureKind.NOT_FOUND,
    "InvalidArgument": FailureKind.INVALID_ARGUMENT,
    "InvalidationBatchAlreadyExists": FailureKind.INVALID_ARGUMENT,
    "InconsistentQuantities": FailureKind.INVALID_ARGUMENT,
    "BatchTooLarge": FailureKind.INVALID_ARGUMENT,
}


class AwsCloudFront:
    """`delivery.CloudFront` over botocore."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        # The function makes its client while it starts; otherwise the first batch would wait for it.
        aws.client("cloudfront")

    def create_invalidation(self, distribution: Distribution, items: tuple[str, ...], caller_reference: str) -> str:
        """Create an invalidation and return its id; raises InvalidationError."""
        batch = {"Paths": {"Quantity": len(items), "Items": list(items)}, "CallerReference": caller_reference}
        with _raise_invalidation_error():
            create, _, _ = _calls(self._aws, distribution)
            answer = create(InvalidationBatch=batch)
            return str(answer["Invalidation"]["Id"])


class AwsInvalidationHistory:
    """`delivery.InvalidationHistory` over botocore."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    def list_page(self, distribution: Distribution, marker: str) -> InvalidationPage:
        """List a page of invalidations, newest first; raises PurgemapError."""
        with _raise_purgemap_error():
            items, next_marker = list_invalidations(self._aws, distribution, marker)
            return InvalidationPage([parse_listed(item) for item in items], next_marker)

    def read_items(self, distribution: Distribution, invalidation: str) -> tuple[str, ...]:
        """Read the items of an invalidation; raises PurgemapError."""
        with _raise_purgemap_error():
            return read_items(self._aws, distribution, invalidation)


def list_invalidations(aws: Aws, distribution: Distribution, marker: str) -> tuple[list[dict[str, Any]], str]:
    """List a page of invalidations, newest first, and the next page's marker ("" for none); raises botocore's errors.

    https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_ListInvalidations.html
    """
    _, _, list_page = _calls(aws, distribution)
    answer = list_page(**({"Marker": marker} if marker else {}))["InvalidationList"]
    return answer.get("Items", []), answer.get("NextMarker", "") if answer.get("IsTruncated") else ""


def read_items(aws: Aws, distribution: Distribution, invalidation: str) -> tuple[str, ...]:
    """Read the items of an invalidation; raises botocore's errors."""
    _, get, _ = _calls(aws, distribution)
    answer = get(Id=invalidation)
    return tuple(map(str, answer["Invalidation"]["InvalidationBatch"]["Paths"].get("Items", ())))


def parse_listed(item: dict[str, Any]) -> ListedInvalidation:
    """Parse an invalidation of a list."""
    return ListedInvalidation(str(item["Id"]), item["CreateTime"].timestamp())


def _calls(aws: Aws, distribution: Distribution) -> tuple[Callable[..., Any], ...]:
    """Return CloudFront's create, get and list calls for a distribution or tenant."""
    # A plain tuple: defining a named one would take 0.15 ms of the function's start.
    client = aws.client("cloudfront", distribution.role_arn, distribution.external_id)
    if distribution.id.startswith(TENANT):
        tenant = distribution.id.removeprefix(TENANT)
        return (
            partial(client.create_invalidation_for_distribution_tenant, Id=tenant),
            partial(client.get_invalidation_for_distribution_tenant, DistributionTenantId=tenant),
            partial(client.list_invalidations_for_distribution_tenant, Id=tenant),
        )
    operations = client.create_invalidation, client.get_invalidation, client.list_invalidations
    return tuple(partial(operation, DistributionId=distribution.id) for operation in operations)


@contextmanager
def _raise_invalidation_error() -> Iterator[None]:
    # Every exception, also of the role's credentials, becomes one outcome: the batch's other calls must still be made.
    try:
        yield
    except ClientError as error:
        kind = FAILURE_KINDS.get(error_code(error), FailureKind.SERVER_ERROR)
        raise InvalidationError(kind, describe_error(error)) from error
    except ParamValidationError as error:
        raise InvalidationError(FailureKind.INVALID_ARGUMENT, str(error)) from error
    except Exception as error:
        raise InvalidationError(FailureKind.SERVER_ERROR, describe_error(error)) from error


@contextmanager
def _raise_purgemap_error() -> Iterator[None]:
    try:
        yield
    except AWS_ERRORS as error:
        raise PurgemapError(describe_error(error)) from error
    except Exception as error:  # reading the history must never stop an invalidation
        raise PurgemapError(f"an answer of CloudFront in an unknown shape: {type(error).__name__}: {error}") from error
