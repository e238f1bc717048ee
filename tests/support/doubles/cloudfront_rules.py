"""What one CreateInvalidation may hold: a batch goes through as a whole, or is refused as a whole.

Pages of https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/ cited below:
[objects] invalidation-specifying-objects.html, [tags] invalidation-specifying-tags.html
"""

import re
from collections.abc import Sequence

from support.doubles.cloudfront_errors import ServiceError

MAX_PATH_LENGTH = 4_000  # "The maximum length of a path is 4,000 characters." [objects]

# Terraform's provider documents 128 for its aws_cloudfront_create_invalidation action; AWS publishes nothing.
MAX_REFERENCE_LENGTH = 128

# A leading slash, then what RFC 1738 section 2.2 doesn't call unsafe, or %XX. [objects] asks for the encoding
# of unsafe and non-ASCII characters; RFC 1738's unsafe ones are the controls, space and <>"#%{}|\^~[]`.
# A raw ~ fails the request: https://github.com/aws/aws-sdk/issues/525
_PATH = re.compile(r"/(?:[A-Za-z0-9!$&'()*+,\-./:;=?@_]|%[0-9A-Fa-f]{2})*")

# ASCII 33 to 126 without the comma, at most 256 characters. [tags]
_TAG = re.compile(r"#[!-+\--~]{1,256}")


def is_tag(item: str) -> bool:
    """Items that begin with `#` are cache tags. [tags]"""
    return item.startswith("#")


def is_wildcard(item: str) -> bool:
    """Only a `*` at a path's end is a wildcard; elsewhere, and in a tag, it is itself. [objects] [tags]"""
    return item.startswith("/") and item.endswith("*")


def is_valid(item: str) -> bool:
    """Whether CloudFront takes the item; it may still be without effect (`%7E`, a needless `%2D`)."""
    if is_tag(item):
        return _TAG.fullmatch(item) is not None
    return len(item) <= MAX_PATH_LENGTH and _PATH.fullmatch(item) is not None


def check_batch(items: Sequence[str], *, quantity: int, max_items: int) -> None:
    """Refuse a batch of a wrong size or with an invalid item, without naming it, as CloudFront does.

    Raises ServiceError. That an item stands twice is no error in any AWS page: it is billed twice.
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
    if not actual:  # AWS publishes no code for an empty batch; only that it names something is sure
        raise ServiceError("InconsistentQuantities", "Your request contains no invalidation paths.")


def check_reference(reference: str) -> None:
    """https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_InvalidationBatch.html"""
    if not 0 < len(reference) <= MAX_REFERENCE_LENGTH:
        raise ServiceError("InvalidArgument", "Your request contains an invalid caller reference.")


def reference_conflict(code: str) -> ServiceError:
    """The same reference with other items.

    The API reference says InvalidationBatchAlreadyExists, users see InvalidArgument:
    https://github.com/aws/aws-cdk/issues/3878
    """
    return ServiceError(
        code,
        "Your request contains a caller reference that was used for a previous invalidation batch "
        "for the same distribution.",
    )
