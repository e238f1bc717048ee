"""Describe botocore's errors in one line: the call, AWS's code and message, and a hint for people."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConfigParseError,
    ConnectionError,  # noqa: A004  botocore's, which is not Python's
    HTTPClientError,
    IncompleteReadError,
    InvalidRegionError,
    MetadataRetrievalError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    SSLError,
)

from purgemap.aws.answers import ForeignAnswerError
from purgemap.errors import PurgemapError

# botocore raises RuntimeError if assumed-role credentials are already expired, usually because of a wrong clock.
AWS_ERRORS = (ClientError, BotoCoreError, RuntimeError)

_HINTS = {
    ConfigParseError: "fix it, or name another file with AWS_CONFIG_FILE or AWS_SHARED_CREDENTIALS_FILE",
    InvalidRegionError: "set AWS_DEFAULT_REGION, or the region of the profile, to one such as eu-central-1",
    NoCredentialsError: "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    NoRegionError: "set AWS_DEFAULT_REGION, or give the profile of AWS_PROFILE a region",
    PartialCredentialsError: "set all of them, or none",
    ProfileNotFound: "set AWS_PROFILE to one of ~/.aws/config, or unset it",
}

THROTTLING_CODES = frozenset({"RequestLimitExceeded", "Throttling", "ThrottlingException", "TooManyRequestsException"})
"""CloudFront's codes for too many calls. Throttling is undocumented, but seen in the field, with HTTP 400."""

# Client errors (HTTP 4xx) that a later call may not get, as botocore's own retries have them.
# https://docs.aws.amazon.com/boto3/latest/guide/retries.html#standard-retry-mode
_TRANSIENT_CODES = THROTTLING_CODES | {
    *("BandwidthLimitExceeded", "EC2ThrottledException", "LimitExceededException", "PriorRequestNotComplete"),
    *("ProvisionedThroughputExceededException", "RequestThrottled", "RequestThrottledException", "RequestTimeout"),
    *("RequestTimeoutException", "SlowDown", "ThrottledException", "TransactionInProgressException"),
    *("408", "425", "429"),
}
_SERVER_ERROR = 500

_MAX_CHARACTERS = 500

# Errors of the network, and of the endpoint that gives a machine its credentials.
_TRANSIENT_ERRORS = (HTTPClientError, ConnectionError, IncompleteReadError, MetadataRetrievalError)


def error_code(error: ClientError) -> str:
    """Return AWS's code of an error, "" if it has none."""
    return str(error.response["Error"].get("Code", ""))


def describe_error(error: Exception) -> str:
    """Describe an error of AWS, or of the connection to it, in one line."""
    if isinstance(error, ForeignAnswerError):
        return str(error)
    if not isinstance(error, ClientError):
        return _shorten(f"{type(error).__name__}: {error}")
    message = error.response["Error"].get("Message", "")
    return _shorten(f"{error.operation_name}: {error_code(error)}: {message}")


def _shorten(text: str) -> str:
    # The message of an error may be a proxy's whole page.
    return " ".join(text.split())[:_MAX_CHARACTERS]


def is_credentials_error(error: BaseException | None) -> bool:
    """Return whether a person must change something before a call can succeed: credentials, clock or proxy."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", _SERVER_ERROR)
        return status < _SERVER_ERROR and error_code(error) not in _TRANSIENT_CODES
    return isinstance(error, AWS_ERRORS) and (isinstance(error, SSLError) or not isinstance(error, _TRANSIENT_ERRORS))


@contextmanager
def translate_errors(subject: str = "") -> Iterator[None]:
    """Raise PurgemapError, with a hint, for botocore's errors; the message begins with `subject`."""
    try:
        yield
    except AWS_ERRORS as error:
        # Any other RuntimeError is a bug of purgemap, not the user's to fix.
        if isinstance(error, RuntimeError) and "expired" not in str(error):
            raise
        description, hint = describe_error(error), _HINTS.get(type(error))
        message = f"{description.rstrip('.')}; {hint}" if hint else description
        raise PurgemapError(f"{subject}: {message}" if subject else message) from error
