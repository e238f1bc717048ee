"""Read over botocore when objects of S3 last changed, by AWS's clock."""

import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError

from purgemap.aws.answers import ForeignAnswerError
from purgemap.aws.clients import Aws, create_client, find_region
from purgemap.aws.errors import describe_error, translate_errors

MAX_CONCURRENT_READS = 8

_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 5},
    connect_timeout=5,
    read_timeout=30,
    max_pool_connections=MAX_CONCURRENT_READS,
    user_agent_extra="purgemap",
)
_NOT_FOUND, _SERVER_ERROR = 404, 500

# The number of a multipart upload's parts ends its ETag.
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
_MULTIPART_ETAG = re.compile(r'.*-\d+"?')


class ObjectTime(NamedTuple):
    """When an object last changed, by S3's clock in whole seconds; `answered` is when S3 said so.

    `modified` is None if S3 does not know it: the object is deleted, was uploaded in parts, or can't be read (`error`).
    """

    modified: float | None
    answered: float
    error: str = ""


class AwsObjects:
    """Objects of any region over botocore, with the caller's own credentials."""

    def __init__(self) -> None:
        with translate_errors():
            # botocore's handlers follow a redirect to the bucket's region.
            session = botocore.session.Session()
            region = find_region(session) or "us-east-1"
            self._s3 = create_client(session, "s3", region_name=region, config=_CONFIG)

    def read_time(self, bucket: str, key: str) -> ObjectTime:
        """Read when an object last changed; raises PurgemapError if S3 does not answer."""
        with translate_errors(f"s3://{bucket}/{key}"):
            try:
                answer = self._s3.head_object(Bucket=bucket, Key=key)
            except ClientError as error:
                return _parse_refusal(error)
        # The date of a multipart upload is that of its start. It changes the object at its end, maybe hours later.
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
        is_multipart = _MULTIPART_ETAG.fullmatch(answer.get("ETag", ""))
        return ObjectTime(None if is_multipart else answer["LastModified"].timestamp(), _parse_date(answer))


def read_clock(aws: Aws) -> float:
    """Read AWS's clock, in whole seconds since the epoch; raises PurgemapError."""
    with translate_errors():
        # This call needs no permission.
        return _parse_date(aws.client("sts").get_caller_identity())


def _parse_refusal(error: ClientError) -> ObjectTime:
    """Parse a client error; raises any other, and ForeignAnswerError for a proxy's."""
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    if status >= _SERVER_ERROR:
        raise error
    # The answer to HEAD has no body that could show whose it is, but S3's answers have a header such as
    # x-amz-request-id.
    if not any(name.startswith("x-amz") for name in error.response["ResponseMetadata"]["HTTPHeaders"]):
        raise ForeignAnswerError(answer=f"HTTP {status} without S3's headers") from error
    reason = "" if status == _NOT_FOUND else f"{describe_error(error)}; needs s3:GetObject and s3:ListBucket"
    return ObjectTime(None, _parse_date(error.response), reason)


def _parse_date(answer: Mapping[str, Any]) -> float:
    # AWS's clock, as in every time that is compared; this machine's may be minutes off.
    date = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
    return parsedate_to_datetime(date).timestamp() if date else time.time() // 1
