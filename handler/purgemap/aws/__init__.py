"""Calls to AWS over botocore."""

from purgemap.aws.clients import LEDGER_CALL, Aws, check_credentials, create_client, find_region
from purgemap.aws.cloudfront import AwsCloudFront, AwsInvalidationHistory
from purgemap.aws.errors import describe_error, error_code, is_credentials_error, translate_errors
from purgemap.aws.sqs import SqsQueue

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
    "translate_errors",
]
