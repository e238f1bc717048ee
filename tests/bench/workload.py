"""The input of the sections: a map of many routes, and a full batch of events of some of its buckets.

Needs nothing but the standard library and purgemap, so that the function's Python can use it, too.
"""

import json
from collections.abc import Iterator
from typing import Any

BATCH_BYTES = 6_000_000
"""The size of a payload: Lambda's limit is reached long before the 10,000 records of a batch."""

BUCKETS = 100
"""How many buckets the events of a batch come from; each has its own distribution."""

ESCAPED_IN_50 = 1
"""Of 50 keys one has characters that need escapes."""

_TAGS = {
    "aws:cloudformation:stack-id": "arn:aws:cloudformation:eu-central-1:111122223333:stack/site/51af3dc0-da77-11e4",
    "aws:cloudformation:logical-id": "Bucket",
    "aws:cloudformation:stack-name": "site",
}


EXACT, PATTERNS = "acme-site-%d", "{brand}-site-%d"
"""A bucket of the map, by its name or by a pattern."""


def map_text(routes: int, bucket: str = EXACT) -> str:
    """Write a map with one distribution per bucket or bucket pattern."""
    lines = [f"  - {{bucket: '{bucket % n}', distributions: [EXAMPLE{n:07d}]}}" for n in range(routes)]
    return "\n".join(["version: 1", "routes:", *lines, ""])


def key_of(number: int, escaped_in_50: int = ESCAPED_IN_50) -> str:
    """Name the object of an event: every third is an index document."""
    folder = f"blog/2026/été {number}" if number % 50 < escaped_in_50 else f"blog/2026/post-{number}"
    return folder + ("/index.html" if number % 3 == 0 else "/photo.jpg")


def body_of(
    number: int, buckets: int = BUCKETS, escaped_in_50: int = ESCAPED_IN_50, *, is_before_2026: bool = False
) -> str:
    """Write an event of one of the workload's own objects."""
    bucket, key = f"acme-site-{number % buckets}", key_of(number, escaped_in_50)
    return event_text(number, bucket, key, is_before_2026=is_before_2026)


def event_text(number: int, bucket: str, key: str, *, is_before_2026: bool = False) -> str:
    """Write an event as EventBridge does, or did before mid-2026; every second event is of a bucket with tags.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
    """
    version = {} if is_before_2026 else {"event-version": "1.2"}
    tags = {} if is_before_2026 or number % 2 else {"aws-generated-tags": _TAGS}
    subject = {"key": key, "size": 5, "etag": "b1946ac92492d2347c6235b4d2611184"}
    detail = {
        "version": "0",
        **version,
        "bucket": {"name": bucket, **tags},
        "object": {**subject, "sequencer": f"{0x617F08299329D189 + number:018X}"},
        "request-id": "N4N7GDK58NMKJ12R",
        "requester": "123456789012",
        "source-ip-address": "1.2.3.4",
        "reason": "PutObject",
    }
    event = {
        "version": "0",
        "id": f"17793124-05d4-b198-2fde-{number:012x}",
        "detail-type": "Object Created",
        "source": "aws.s3",
        "account": "111122223333",
        "time": "2026-11-12T00:00:00Z",
        "region": "eu-central-1",
        "resources": [f"arn:aws:s3:::{bucket}"],
        "detail": detail,
    }
    return json.dumps(event, separators=(",", ":"), ensure_ascii=False)


def record_of(number: int, body: str) -> dict[str, Any]:
    """Wrap a body as SQS does: https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html."""
    return {
        "messageId": f"19dd0b57-b21e-4ac1-bd88-{number:012x}",
        "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a" * 6,
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": "1762905600000",
            "SenderId": "AIDAIENQZJOLO23YVJ4VO",
            "ApproximateFirstReceiveTimestamp": "1762905600001",
        },
        "messageAttributes": {},
        "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-central-1:111122223333:purgemap",
        "awsRegion": "eu-central-1",
    }


def full_batch(
    size: int = BATCH_BYTES, buckets: int = BUCKETS, escaped_in_50: int = ESCAPED_IN_50, *, is_before_2026: bool = False
) -> str:
    """Write the payload of a batch of as many events as `size` bytes hold."""
    return '{"Records":[' + ",".join(_records(size, buckets, escaped_in_50, is_before_2026=is_before_2026)) + "]}"


def _records(size: int, buckets: int, escaped_in_50: int, *, is_before_2026: bool) -> Iterator[str]:
    number = length = 0
    while length < size:
        body = body_of(number, buckets, escaped_in_50, is_before_2026=is_before_2026)
        record = json.dumps(record_of(number, body), separators=(",", ":"))
        yield record
        length += len(record) + 1
        number += 1
