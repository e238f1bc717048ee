"""Calls to AWS over botocore."""

from typing import TYPE_CHECKING

from purgemap.aws.clients import LEDGER_CALL, Aws, check_credentials, create_client, find_region
from purgemap.aws.cloudfront import AwsCloudFront, AwsInvalidationHistory
from purgemap.aws.errors import describe_error, error_code, is_credentials_error, translate_errors
from purgemap.aws.sqs import SqsQueue

if TYPE_CHECKING:
    from purgemap.aws.event_bus import AwsEventBus

__all__ = [
    "LEDGER_CALL",
    "Aws",
    "AwsCloudFront",
    "AwsInvalidationHistory",
    "SqsQueue",
    "check_credentials",
    "create_client",
    "describe_error",
    "error_code",
    "find_region",
    "is_credentials_error",
    "open_event_bus",
    "translate_errors",
]


def open_event_bus(aws: Aws, name: str) -> "AwsEventBus":
    """Create the edge to an event bus, by the bus's name or ARN; raises PurgemapError if it is neither."""
    # Imported here: a function without a bus starts without the module.
    from purgemap.aws.event_bus import AwsEventBus  # noqa: PLC0415

    return AwsEventBus(aws, name)
