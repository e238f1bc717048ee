"""Build payloads as AWS documents them."""

import itertools
import json
from collections.abc import Iterable, Mapping
from typing import Any

_COUNT = itertools.count(1)


# CloudFormation adds these to the buckets of a stack.
TAGS = {"aws:cloudformation:stack-name": "site", "aws:cloudformation:logical-id": "Bucket"}


def s3_event(  # noqa: PLR0913  the members that differ between events
    bucket: str,
    key: str,
    event: str = "created",
    *,
    time: str = "2026-11-12T00:00:00Z",
    event_version: str | None = "1.2",
    tags: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Build an EventBridge event of S3; before mid-2026 it had neither `event_version` nor its bucket's tags.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
    """
    number = next(_COUNT)
    subject: dict[str, Any] = {"key": key, "sequencer": f"{0x617F08299329D189 + number:018X}"}
    detail: dict[str, Any] = {
        "version": "0",
        **({"event-version": event_version} if event_version else {}),
        "bucket": {"name": bucket, **({"aws-generated-tags": tags} if tags else {})},
        "object": subject,
        "request-id": "N4N7GDK58NMKJ12R",
        "requester": "123456789012",
        "source-ip-address": "1.2.3.4",
        "reason": {"created": "PutObject", "deleted": "DeleteObject", "expired": "Lifecycle Expiration"}[event],
    }
    if event == "created":
        subject |= {"size": 5, "etag": "b1946ac92492d2347c6235b4d2611184"}
    else:
        detail["deletion-type"] = "Permanently Deleted"
    return {
        "version": "0",
        "id": f"17793124-05d4-b198-2fde-{number:012x}",
        "detail-type": "Object Created" if event == "created" else "Object Deleted",
        "source": "aws.s3",
        "account": "111122223333",
        "time": time,
        "region": "eu-central-1",
        "resources": [f"arn:aws:s3:::{bucket}"],
        "detail": detail,
    }


def sqs_batch(bodies: Iterable[Any], *, first: int = 1) -> dict[str, Any]:
    """Build the payload of an SQS event source mapping; message ids are m-1, m-2, … from `first`."""
    return {
        "Records": [
            {
                "messageId": f"m-{number}",
                "receiptHandle": f"receipt-{number}",
                "body": body if isinstance(body, str) else json.dumps(body),
                "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1545082649183"},
                "messageAttributes": {},
                "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:purgemap",
                "awsRegion": "eu-central-1",
            }
            for number, body in enumerate(bodies, first)
        ]
    }
