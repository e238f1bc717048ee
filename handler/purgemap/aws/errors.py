"""What botocore raises → a line: the call, AWS's code and words; for people also what to do."""

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

# RuntimeError is botocore's word for a role's credentials that are expired when they come: a clock is wrong.
AWS_ERRORS = (ClientError, BotoCoreError, RuntimeError)

_WHAT_TO_DO = {
    ConfigParseError: "fix it, or name another file with AWS_CONFIG_FILE or AWS_SHARED_CREDENTIALS_FILE",
    InvalidRegionError: "set AWS_DEFAULT_REGION, or the region of the profile, to one such as eu-central-1",
    NoCredentialsError: "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    NoRegionError: "set AWS_DEFAULT_REGION, or give the profile of AWS_PROFILE a region",
    PartialCredentialsError: "set all of them, or none",
    ProfileNotFound: "set AWS_PROFILE to one of ~/.aws/config, or unset it",
}

# Client errors (HTTP 4xx) that a later call may not get, as botocore's own retries have them.
# https://docs.aws.amazon.com/boto3/latest/guide/retries.html#standard-retry-mode
_TRANSIENT_CODES = frozenset(
    {
        *("BandwidthLimitExceeded", "EC2ThrottledException", "LimitExceededException", "PriorRequestNotComplete"),
        *("ProvisionedThroughputExceededException", "RequestLimitExceeded", "RequestThrottled", "SlowDown"),
        *("RequestThrottledException", "RequestTimeout", "RequestTimeoutException", "ThrottledException"),
        *("Throttling", "ThrottlingException", "TooManyRequestsException", "TransactionInProgressException"),
        *("408", "425", "429"),
    }
)
_SERVER_ERROR = 500

_MAX_CHARACTERS = 500

# The network's errors, and those of the place that gives a machine its credentials.
_TRANSIENT_ERRORS = (HTTPClientError, ConnectionError, IncompleteReadError, MetadataRetrievalError)


def error_code(error: ClientError) -> str:
    """Return AWS's code of an error, "" if it has none."""
    return str(error.response["Error"].get("Code", ""))


def describe_error(error: Exception) -> str:
    """Write an error of AWS's, or of the way to it, on one line."""
    if isinstance(error, ForeignAnswerError):
        return str(error)
    if not isinstance(error, ClientError):
        return _shorten(f"{type(error).__name__}: {error}")
    message = error.response["Error"].get("Message", "")
    return _shorten(f"{error.operation_name}: {error_code(error)}: {message}")


def _shorten(text: str) -> str:
    # A proxy's page may be the message of an error.
    return " ".join(text.split())[:_MAX_CHARACTERS]


def is_credentials_error(error: BaseException | None) -> bool:
    """Return whether a call fails again until a person changes something: credentials, permissions, clock or proxy."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", _SERVER_ERROR)
        return status < _SERVER_ERROR and error_code(error) not in _TRANSIENT_CODES
    return isinstance(error, AWS_ERRORS) and (isinstance(error, SSLError) or not isinstance(error, _TRANSIENT_ERRORS))


@contextmanager
def translate_errors() -> Iterator[None]:
    """Turn what botocore raises into a PurgemapError for a person, who can fix it."""
    try:
        yield
    except AWS_ERRORS as error:
        if isinstance(error, RuntimeError) and "expired" not in str(error):
            raise  # a bug of ours
        words, what_to_do = describe_error(error), _WHAT_TO_DO.get(type(error))
        raise PurgemapError(f"{words.rstrip('.')}; {what_to_do}" if what_to_do else words) from error
