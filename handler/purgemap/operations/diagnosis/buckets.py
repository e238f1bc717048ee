"""Check that the buckets of the map exist, and send their events to EventBridge."""

from collections.abc import Iterator

from purgemap.aws.inspection import BucketConfig, NotRead
from purgemap.operations.diagnosis.findings import DoctorFinding, describe_not_read, finding
from purgemap.operations.diagnosis.inspected_map import InspectedMap
from purgemap.operations.diagnosis.origins import is_missing, meant_bucket
from purgemap.operations.diagnosis.repairs import replace
from purgemap.text import S3_SCHEME, join_with_limit


def check_buckets(inspected: InspectedMap) -> Iterator[DoctorFinding]:
    """Report buckets that do not exist, that could not be read, or that send no events."""
    for bucket, state in sorted(inspected.inspection.buckets.items()):
        where = f"{S3_SCHEME}{bucket}"
        if is_missing(inspected, bucket):
            yield _report_missing(inspected, bucket)
        elif isinstance(state, NotRead):
            yield describe_not_read(where, "the bucket", state)
        elif isinstance(state, BucketConfig):
            yield from _check_events(where, state)


def _report_missing(inspected: InspectedMap, bucket: str) -> DoctorFinding:
    routes = sorted({site.route for site in inspected.sites if site.bucket == bucket})
    message = f"the bucket does not exist; it is named by {join_with_limit(routes)}"
    cases = [case for case in inspected.cases if any(site.bucket == bucket for site in case.sites)]
    meant = next(filter(None, (meant_bucket(case, bucket) for case in cases)), None)
    fix = replace(bucket, meant) if meant else f"aws s3 mb {S3_SCHEME}{bucket}"
    return finding("bucket-missing", f"{S3_SCHEME}{bucket}", message, fix)


def _check_events(where: str, bucket: BucketConfig) -> Iterator[DoctorFinding]:
    sends = bucket.sends_to_event_bridge
    if isinstance(sends, NotRead):
        yield describe_not_read(where, "its notifications", sends)
    elif not sends:
        # Not an `aws` command: PutBucketNotificationConfiguration replaces all of a bucket's notifications.
        message = "the bucket sends no events to EventBridge, so no change of its objects is invalidated"
        yield finding("eventbridge-off", where, message, "purgemap doctor --fix")
