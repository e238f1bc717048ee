"""`delivery.InvalidationHistory` over botocore: what CloudFront lists and shows of past invalidations."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from purgemap.aws.clients import Aws
from purgemap.aws.errors import AWS_ERRORS, describe_error
from purgemap.delivery import InvalidationPage, ListedInvalidation
from purgemap.errors import PurgemapError
from purgemap.routemap import TENANT, Distribution


class AwsInvalidationHistory:
    """Reads of one distribution or tenant, through its role where it has one."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    def list_page(self, distribution: Distribution, marker: str) -> InvalidationPage:
        """List a page of invalidations, the newest first; raises PurgemapError."""
        with _purgemap_errors():
            page = fetch_page(self._aws, distribution, marker)
            listed = [
                ListedInvalidation(str(item["Id"]), item["CreateTime"].timestamp()) for item in page.get("Items", ())
            ]
            return InvalidationPage(listed, page.get("NextMarker", "") if page.get("IsTruncated") else "")

    def read_items(self, distribution: Distribution, invalidation: str) -> tuple[str, ...]:
        """Read the items of an invalidation; raises PurgemapError."""
        with _purgemap_errors():
            client, tenant = _client(self._aws, distribution), _tenant(distribution)
            if tenant:
                answer = client.get_invalidation_for_distribution_tenant(DistributionTenantId=tenant, Id=invalidation)
            else:
                answer = client.get_invalidation(DistributionId=distribution.id, Id=invalidation)
            return tuple(map(str, answer["Invalidation"]["InvalidationBatch"]["Paths"].get("Items", ())))


def fetch_page(aws: Aws, distribution: Distribution, marker: str) -> Any:
    """Fetch a page of a distribution's or tenant's invalidations as CloudFront answers it; raises botocore's errors."""
    client, tenant = _client(aws, distribution), _tenant(distribution)
    page = {"Marker": marker} if marker else {}
    if tenant:
        answer = client.list_invalidations_for_distribution_tenant(Id=tenant, **page)
    else:
        answer = client.list_invalidations(DistributionId=distribution.id, **page)
    return answer["InvalidationList"]


def _client(aws: Aws, distribution: Distribution) -> Any:
    return aws.client("cloudfront", distribution.role_arn, distribution.external_id)


def _tenant(distribution: Distribution) -> str:
    return distribution.id.removeprefix(TENANT) if distribution.id.startswith(TENANT) else ""


@contextmanager
def _purgemap_errors() -> Iterator[None]:
    """Turn a refusal, or an answer in another shape than AWS documents, into a line."""
    try:
        yield
    except AWS_ERRORS as error:
        raise PurgemapError(describe_error(error)) from error
    except Exception as error:  # whatever a nonsensical answer leads to: the count never stops an invalidation
        raise PurgemapError(f"an answer of CloudFront in an unknown shape: {type(error).__name__}: {error}") from error
