"""The rules of one CreateInvalidation: CloudFront accepts or refuses a batch as a whole.

Pages of https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/ cited below:
[objects] invalidation-specifying-objects.html, [tags] invalidation-specifying-tags.html
"""

import re
from collections.abc import Sequence

from support.doubles.cloudfront_errors import ServiceError

MAX_PATH_LENGTH = 4_000  # "The maximum length of a path is 4,000 characters." [objects]

# Terraform's provider documents 128 for its aws_cloudfront_create_invalidation action; AWS publishes nothing.
MAX_REFERENCE_LENGTH = 128

# A leading slash, then characters that RFC 1738 section 2.2 does not call unsafe, or %XX. [objects] requires encoding
# of unsafe and non-ASCII characters; RFC 1738's unsafe ones are the controls, space and <>"#%{}|\^~[]`.
# A raw ~ fails the request: https://github.com/aws/aws-sdk/issues/525
_PATH = re.compile(r"/(?:[A-Za-z0-9!$&'()*+,\-./:;=?@_]|%[0-9A-Fa-f]{2})*")

# ASCII 33 to 126 without the comma, at most 256 characters. [tags]
_TAG = re.compile(r"#[!-+\--~]{1,256}")


def is_tag(item: str) -> bool:
    """Return whether an item is a cache tag: it begins with `#`. [tags]"""
    return item.startswith("#")


def is_wildcard(item: str) -> bool:
    """Return whether an item is a path that ends in `*`; any other `*` is literal. [objects] [tags]"""
    return item.startswith("/") and item.endswith("*")


def is_valid(item: str) -> bool:
    """Return whether CloudFront accepts the item; it may still have no effect (`%7E`, a needless `%2D`)."""
    if is_tag(item):
        return _TAG.fullmatch(item) is not None
    return len(item) <= MAX_PATH_LENGTH and _PATH.fullmatch(item) is not None


def check_batch(items: Sequence[str], *, quantity: int, max_items: int) -> None:
    """Refuse a batch of a wrong size or with an invalid item, without naming it, as CloudFront does.

    Raises ServiceError. No page of AWS forbids an item twice: it is billed twice.
    """
    _check_quantity(len(items), quantity)
    if len(items) > max_items:
        raise ServiceError("BatchTooLarge")
    if not all(map(is_valid, items)):
        raise ServiceError("InvalidArgument")


def _check_quantity(actual: int, quantity: int) -> None:
    """https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_Paths.html"""
    if actual != quantity:
        raise ServiceError(
            "InconsistentQuantities",
            f"The specified quantity of Paths ({quantity}) does not match the actual quantity supplied ({actual}).",
        )
    if not actual:  # AWS publishes no code for an empty batch
        raise ServiceError("InconsistentQuantities", "Your request contains no invalidation paths.")


def check_reference(reference: str) -> None:
    """https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_InvalidationBatch.html"""
    if not 0 < len(reference) <= MAX_REFERENCE_LENGTH:
        raise ServiceError("InvalidArgument", "Your request contains an invalid caller reference.")


def reference_conflict(code: str) -> ServiceError:
    """Build the error for a reference with other items.

    The API reference documents InvalidationBatchAlreadyExists, users get InvalidArgument:
    https://github.com/aws/aws-cdk/issues/3878
    """
    return ServiceError(
        code,
        "Your request contains a caller reference that was used for a previous invalidation batch "
        "for the same distribution.",
    )
