"""A bucket on the embedded AWS and its events; messages and invalidations."""

import json
import uuid
from typing import Any

from purgemap.demo.local_aws import LocalAws, invalidation_ids, invalidation_items

BUCKET = "contract-site"


def received_events(aws: LocalAws, queue_url: str) -> list[dict[str, Any]]:
    """Receive and delete the events in a queue."""
    sqs = aws.client("sqs")
    events = []
    while messages := sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            events.append(json.loads(message["Body"]))
            sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
    return events


def accepted_items(aws: LocalAws) -> dict[str, list[list[str]]]:
    """Read the items of each accepted invalidation, by distribution id, oldest first."""
    cloudfront = aws.client("cloudfront")
    pages = cloudfront.get_paginator("list_distributions").paginate()
    ids = [item["Id"] for page in pages for item in page["DistributionList"].get("Items", [])]
    return {
        id_: [invalidation_items(cloudfront, id_, invalidation) for invalidation in invalidation_ids(cloudfront, id_)]
        for id_ in ids
    }


class Site:
    """A bucket whose events arrive in a queue."""

    def __init__(self, aws: LocalAws) -> None:
        self.aws = aws
        self.s3 = aws.client("s3")
        aws.create_site_bucket(BUCKET)
        self.queue_url, _ = aws.create_queues(BUCKET)

    def put(self, key: str, body: bytes = b"body", **more: Any) -> Any:
        return self.s3.put_object(Bucket=BUCKET, Key=key, Body=body, **more)

    def version(self) -> None:
        self.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})

    def events(self) -> list[dict[str, Any]]:
        return received_events(self.aws, self.queue_url)


def send(sqs: Any, queue_url: str, count: int) -> None:
    """Send small messages, a multiple of ten."""
    for first in range(0, count, 10):
        entries = [{"Id": str(number), "MessageBody": str(first + number)} for number in range(10)]
        sqs.send_message_batch(QueueUrl=queue_url, Entries=entries)


def invalidate(aws: LocalAws, distribution: str, items: list[str], reference: str = "") -> Any:
    batch = {"Paths": {"Quantity": len(items), "Items": items}, "CallerReference": reference or str(uuid.uuid4())}
    return aws.client("cloudfront").create_invalidation(DistributionId=distribution, InvalidationBatch=batch)[
        "Invalidation"
    ]
