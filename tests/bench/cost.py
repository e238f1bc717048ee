"""What a month costs, in dollars: arithmetic over list prices of us-east-1, beside one function and call per object.

The month is one of deploys alone, all to one distribution. Both designs get their events from EventBridge at the same
price, which is left out; free tiers but that of invalidations are left out, too.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from bench.rows import Row

SECTION = "a month: dollars"

# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/PayingForInvalidation.html
FREE_PATHS = 1_000
PER_PATH = 0.005
# https://aws.amazon.com/lambda/pricing/, on arm64; https://aws.amazon.com/sqs/pricing/
PER_GB_SECOND = 0.0000133334
PER_INVOCATION = 0.20 / 1_000_000
PER_SQS_REQUEST = 0.40 / 1_000_000

GIGABYTES = 0.5  # the template's default
MAX_PATHS = 150
EVENTS_PER_BATCH = 4_000
SECONDS_PER_BATCH = 2.0
SECONDS_PER_EVENT_OF_CLASSIC = 0.5
# An event source mapping asks an empty queue all the time: five pollers, 20 seconds each.
IDLE_REQUESTS = 5 * 30 * 24 * 3600 / 20
# Sent, received in a batch of ten, deleted in a batch of ten.
REQUESTS_PER_EVENT = 1 + 0.1 + 0.1


@dataclass(frozen=True, slots=True)
class Bill:
    """What a design costs by part."""

    paths: float
    function: float
    queue: float = 0.0

    @property
    def total(self) -> float:
        """The sum."""
        return self.paths + self.function + self.queue


def classic(deploys: int, objects: int) -> Bill:
    """One function for each event and one path for each object, none of them throttled or retried."""
    events = deploys * objects
    function = events * (PER_INVOCATION + SECONDS_PER_EVENT_OF_CLASSIC * GIGABYTES * PER_GB_SECOND)
    return Bill(_paths(events), function)


def batched(deploys: int, objects: int) -> Bill:
    """A queue, a batch for what a deploy changes, and no more paths than the map's default allows a request."""
    batches = deploys * math.ceil(objects / EVENTS_PER_BATCH)
    function = batches * (PER_INVOCATION + SECONDS_PER_BATCH * GIGABYTES * PER_GB_SECOND)
    queue = (deploys * objects * REQUESTS_PER_EVENT + IDLE_REQUESTS) * PER_SQS_REQUEST
    return Bill(_paths(batches * min(objects, MAX_PATHS)), function, queue)


def _paths(paths: float) -> float:
    return max(paths - FREE_PATHS, 0) * PER_PATH


def rows(*, quick: bool = False) -> Iterator[Row]:
    """Compare the designs for months of few and of many changes."""
    months = [(30, 20), (30, 500), (100, 5_000)]
    for deploys, objects in months[:1] if quick else months:
        month = f"{deploys} deploys of {objects:,} objects"
        usual, ours = classic(deploys, objects), batched(deploys, objects)
        yield Row(SECTION, f"{month}: a function and a call each", usual.total, "$", 1.0)
        ratio = ours.total / usual.total if usual.total else None
        yield Row(
            SECTION, f"{month}: batches and plans", ours.total, "$", ratio, f"{month}: a function and a call each"
        )
