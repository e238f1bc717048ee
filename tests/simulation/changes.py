"""Changes of objects and their messages: in every form, late, duplicated or malformed."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any
from urllib.parse import quote_plus

from simulation.keys import make_names
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
    """An object that changes some seconds after the start."""

    at: float
    bucket: str
    key: str
    event: str


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
    time = datetime.fromtimestamp(now, UTC).isoformat().replace("+00:00", "Z")
    form = rng.random()
    if form < 0.8:
        event = s3_event(change.bucket, change.key, change.event, time=time)
        return json.dumps(event, ensure_ascii=rng.random() < 0.5)
    record = json.dumps({"Records": [_classic(change, time, rng)]})
    return record if form < 0.9 else json.dumps({"Type": "Notification", "Message": record})


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


def delays(rng: Random, doubled: float, late: float) -> Iterator[float]:
    """Yield the seconds that each delivery of an event takes."""
    yield rng.uniform(60, 3_000) if rng.random() < late else rng.uniform(0, 3)
    while rng.random() < doubled:
        yield rng.uniform(0, 400)
