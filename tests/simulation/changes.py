"""Changes of objects and their messages: in every form, late, duplicated or malformed."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any
from urllib.parse import quote_plus

from simulation.faults import FaultPlan
from simulation.keys import make_names
from simulation.objects import Content, Write
from support.payloads import s3_event

_CLASSIC = {"created": "ObjectCreated:Put", "deleted": "ObjectRemoved:Delete", "expired": "LifecycleExpiration:Delete"}

# Each must end in the dead-letter queue, where an operator sees it.
MALFORMED = (
    "{broken",
    "[1, 2",
    '"text"',
    '{"source": "aws.s3", "detail-type": "Object Created"}',
    '{"source": "aws.s3", "detail-type": "Object Deleted", "detail": {"bucket": {"name": "bucket-0"}, "object": {}}}',
    (
        '{"source": "aws.s3", "detail-type": "Object Created", "detail": '
        '{"bucket": {"name": "bucket-0"}, "object": {"key": "\\ud800"}}}'
    ),
    '{"purgemap_job": 99, "distribution": "E000000000000X"}',
    '{"purgemap_job": 1, "distribution": "E000000000000X", "items": 5}',
    '{"Records": [{"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": "b"}, "object": {"key": "%ff"}}}]}',
)

# These are acknowledged without any effect.
FOREIGN = (
    '{"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "bucket-0"}',
    '{"source": "aws.s3", "detail-type": "Object Tags Added", "detail": {}}',
    '{"source": "aws.ec2", "detail-type": "EC2 Instance State-change Notification", "detail": {}}',
)


@dataclass(frozen=True, slots=True)
class Change:
    """An object that changes some seconds after the start; without a content each change makes another one."""

    at: float
    bucket: str
    key: str
    event: str
    content: Content | None = None
    delay: float = 0.0  # of its event, beside those that a run draws


def draw_changes(rng: Random, folders: dict[str, list[str]], count: int) -> list[Change]:
    """Draw changes in a few deploys of many objects each, and single edits between them; sorted by time."""
    places = [(bucket, folder) for bucket, names in folders.items() for folder in names]
    names = make_names(rng, max(3, min(count // 2, 400)))
    changes: list[Change] = []
    while len(changes) < count:
        begin, spacing = rng.uniform(0, 600), rng.choice((0.0, 0.05, 1.0, 20.0))
        bucket, folder = rng.choice(places)
        deploy = rng.choice((1, 1, rng.randrange(1, count + 1)))
        for number in range(min(deploy, count - len(changes))):
            if rng.random() < 0.1:
                bucket, folder = rng.choice(places)
            event = rng.choice(("created", "created", "created", "deleted", "expired"))
            changes.append(Change(begin + number * spacing, bucket, folder + rng.choice(names), event))
    return sorted(changes, key=lambda change: change.at)


def write_event(change: Change, now: float, rng: Random) -> str:
    """Format the message of a bucket's notification in one of its forms."""
    time = format_time(now)
    form = rng.random()
    if form < 0.8:
        event = s3_event(change.bucket, change.key, change.event, time=time)
        return json.dumps(event, ensure_ascii=rng.random() < 0.5)
    record = json.dumps({"Records": [_classic(change, time, rng)]})
    return record if form < 0.9 else json.dumps({"Type": "Notification", "Message": record})


def write_exact_event(change: Change, write: Write, rng: Random, unsequenced: float) -> str:
    """Format the message of a write with its ETag, version and sequencer; a share comes without a sequencer."""
    sequencer = {} if rng.random() < unsequenced else {"sequencer": write.sequencer}
    body = json.loads(write_event(change, write.time, rng))
    # Sometimes in the compact form, which is parsed in another way.
    separators = rng.choice(((",", ":"), (", ", ": ")))
    if "detail" in body:
        _complete_detail(body, write, sequencer)
        return json.dumps(body, separators=separators)
    record = (json.loads(body["Message"]) if "Message" in body else body)["Records"][0]
    record["eventTime"] = format_time(write.time)
    subject = record["s3"]["object"]
    del subject["sequencer"]
    subject |= ({"eTag": write.etag} if write.etag else {}) | sequencer
    if write.version_id:
        subject["versionId"] = write.version_id
    if change.event != "created" and not write.is_permanent:
        record["eventName"] = record["eventName"].partition(":")[0] + ":DeleteMarkerCreated"
    text = json.dumps({"Records": [record]}, separators=separators)
    return json.dumps({"Type": "Notification", "Message": text}) if "Message" in body else text


def _complete_detail(event: dict[str, Any], write: Write, sequencer: dict[str, str]) -> None:
    detail = event["detail"]
    event["time"] = format_time(math.floor(write.time))  # EventBridge has whole seconds
    del detail["object"]["sequencer"]
    detail["object"] |= ({"etag": write.etag} if write.etag else {}) | sequencer
    if write.version_id:
        detail["object"]["version-id"] = write.version_id
    if "deletion-type" in detail:
        detail["deletion-type"] = "Permanently Deleted" if write.is_permanent else "Delete Marker Created"


def format_time(seconds: float) -> str:
    """Format a time as S3's events have it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def _classic(change: Change, time: str, rng: Random) -> dict[str, Any]:
    sequencer = f"{rng.randrange(1 << 64):016X}"
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "eventTime": time,
        "eventName": _CLASSIC[change.event],
        "responseElements": {"x-amz-request-id": "C3D13FE58DE4C810"},
        "s3": {"bucket": {"name": change.bucket}, "object": {"key": quote_plus(change.key), "sequencer": sequencer}},
    }


def delays(rng: Random, plan: FaultPlan) -> Iterator[float]:
    """Yield the seconds that each delivery of an event takes."""
    yield rng.uniform(*plan.lateness) if rng.random() < plan.late else rng.uniform(0, 3)
    while rng.random() < plan.doubled:
        yield rng.uniform(0, 400)
