"""Objects and invalidations of the embedded AWS that are older than the test."""

import datetime as dt
import uuid

from moto.cloudfront.models import cloudfront_backends
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.core.utils import utcnow
from moto.s3.models import s3_backends

from purgemap.demo.local_aws import LocalAws


def put_ago(aws: LocalAws, bucket: str, key: str, seconds: float) -> None:
    """Put an object that last changed so many seconds ago."""
    aws.client("s3").put_object(Bucket=bucket, Key=key, Body=b"body")
    stored = s3_backends[DEFAULT_ACCOUNT_ID]["aws"].get_object(bucket, key)
    assert stored is not None
    stored.last_modified = utcnow() - dt.timedelta(seconds=seconds)


def invalidate_ago(
    aws: LocalAws, distribution: str, items: list[str], seconds: float, account: str = DEFAULT_ACCOUNT_ID
) -> None:
    """Create an invalidation so many seconds ago; from one second on it is completed."""
    batch = {"Paths": {"Quantity": len(items), "Items": items}, "CallerReference": str(uuid.uuid4())}
    aws.client("cloudfront", account).create_invalidation(DistributionId=distribution, InvalidationBatch=batch)
    newest = cloudfront_backends[account]["aws"].invalidations[distribution][0]
    newest.create_time = utcnow() - dt.timedelta(seconds=seconds)
