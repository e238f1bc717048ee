"""Read and change buckets over botocore: whether they exist, and whether they send events to EventBridge."""

import contextlib
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from purgemap.aws.errors import AWS_ERRORS, error_code, translate_errors
from purgemap.aws.inspection.accounts import Accounts, read_or_reason
from purgemap.aws.inspection.configurations import BucketConfig, BucketState, MissingBucket, NotRead, WebsiteConfig
from purgemap.aws.inspection.origin_domains import OriginDomain

_MISSING_CODES = frozenset({"404", "NoSuchBucket", "NotFound"})
_EVENT_BRIDGE = "EventBridgeConfiguration"


def read_bucket(accounts: Accounts, name: str) -> BucketState:
    """Read a bucket with the first of the accounts that may."""
    reasons = []
    for account in accounts.role_arns:
        region = read_or_reason("s3:ListBucket", partial(_find_region, accounts, account, name))
        if isinstance(region, NotRead):
            reasons.append(region)
        elif region:
            return BucketConfig(name, region, account, _read_event_bridge(accounts, account, name, region))
        else:
            # Names are unique over all accounts, so an account that may not read the bucket gets 403.
            return MissingBucket(name)
    return reasons[0]


def read_website(accounts: Accounts, origin: OriginDomain) -> WebsiteConfig:
    """Read the website behind a website endpoint with the first of the accounts that may; raises botocore's errors."""
    *others, last = accounts.role_arns
    for account in others:
        with contextlib.suppress(*AWS_ERRORS):
            return _read_website(accounts, account, origin)
    return _read_website(accounts, last, origin)


def _read_website(accounts: Accounts, account: str, origin: OriginDomain) -> WebsiteConfig:
    answer = accounts.client("s3", account, origin.region).get_bucket_website(Bucket=origin.bucket)
    index, error = answer.get("IndexDocument", {}), answer.get("ErrorDocument", {})
    return WebsiteConfig(str(index.get("Suffix", "")), str(error.get("Key", "")))


def enable_event_bridge(accounts: Accounts, bucket: BucketConfig) -> None:
    """Switch a bucket's events to EventBridge on, and keep its other notifications; raises PurgemapError."""
    client = accounts.client("s3", bucket.account, bucket.region)
    with translate_errors(f"the bucket {bucket.name}"):
        # PutBucketNotificationConfiguration replaces all of a bucket's notifications:
        # https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html
        configuration = _read_notifications(client, bucket.name)
        if _EVENT_BRIDGE not in configuration:
            client.put_bucket_notification_configuration(
                Bucket=bucket.name,
                NotificationConfiguration={**configuration, _EVENT_BRIDGE: {}},
                # S3 would test the destinations again, and refuse the request for one that is gone.
                SkipDestinationValidation=True,
            )


def _find_region(accounts: Accounts, account: str, name: str) -> str:
    """Return the region of a bucket, "" if it does not exist; raises botocore's errors."""
    try:
        # botocore follows the redirect to a bucket's own region.
        answer = accounts.client("s3", account).head_bucket(Bucket=name)
    except ClientError as error:
        if error_code(error) in _MISSING_CODES:
            return ""
        raise
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    return str(answer.get("BucketRegion") or headers.get("x-amz-bucket-region") or "us-east-1")


def _read_event_bridge(accounts: Accounts, account: str, name: str, region: str) -> bool | NotRead:
    client = accounts.client("s3", account, region)
    return read_or_reason("s3:GetBucketNotification", lambda: _EVENT_BRIDGE in _read_notifications(client, name))


def _read_notifications(client: Any, name: str) -> dict[str, Any]:
    answer = client.get_bucket_notification_configuration(Bucket=name)
    return {field: value for field, value in answer.items() if field != "ResponseMetadata"}
