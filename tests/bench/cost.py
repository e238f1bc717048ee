"""The dollars of a month at list prices of us-east-1, beside one function and one call per object."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from bench.rows import Row
from purgemap.routemap.compiled import DEFAULT_MAX_PATHS

SECTION = "a month: dollars"

# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/PayingForInvalidation.html
FREE_PATHS = 1_000
PER_PATH = 0.005
# https://aws.amazon.com/lambda/pricing/, on arm64; https://aws.amazon.com/sqs/pricing/
PER_GB_SECOND = 0.0000133334
PER_INVOCATION = 0.20 / 1_000_000
PER_SQS_REQUEST = 0.40 / 1_000_000

GIGABYTES = 0.5  # the template's default; test_bench.py compares
EVENTS_PER_BATCH = 4_000
SECONDS_PER_BATCH = 2.0
SECONDS_PER_EVENT_OF_CLASSIC = 0.5
# A folder's index document has two URLs; the classic design invalidates one and leaves the other stale.
ITEMS_PER_OBJECT = 2
# An event source mapping polls an empty queue continuously: five pollers, 20 seconds each.
IDLE_REQUESTS = 5 * 30 * 24 * 3600 / 20
# Sent, received in a batch of ten, deleted in a batch of ten.
REQUESTS_PER_EVENT = 1 + 0.1 + 0.1

ASSUMED = (
    f"Assumed: list prices of us-east-1, ${PER_PATH} a path after an account's first {FREE_PATHS:,} of a month, no "
    f"other free tier; one distribution; functions of {GIGABYTES * 1024:g} MB on arm64, {SECONDS_PER_BATCH:g} s for a "
    f"batch of up to {EVENTS_PER_BATCH:,} events, {SECONDS_PER_EVENT_OF_CLASSIC:g} s for a call each, of which none is "
    f"throttled; {ITEMS_PER_OBJECT} items an object, at most {DEFAULT_MAX_PATHS} a batch; a queue that is polled all "
    "month. Events cost both the same, and are left out."
)


_CLASSIC, _BATCHED = "a function and a call each", "batches and plans"


@dataclass(frozen=True, slots=True)
class Bill:
    """The costs of a design, by part."""

    paths: float
    function: float
    queue: float = 0.0

    @property
    def total(self) -> float:
        """The sum."""
        return self.paths + self.function + self.queue


def classic_bill(deploys: int, objects: int) -> Bill:
    """Compute the bill of one function per event and one path per object, without throttling or retries."""
    events = deploys * objects
    function = events * (PER_INVOCATION + SECONDS_PER_EVENT_OF_CLASSIC * GIGABYTES * PER_GB_SECOND)
    return Bill(_paths(events), function)


def batched_bill(deploys: int, objects: int) -> Bill:
    """Compute the bill of batches from a queue, with at most the map's default paths per request."""
    requests = math.ceil(objects / EVENTS_PER_BATCH)
    items = min(objects * ITEMS_PER_OBJECT, requests * DEFAULT_MAX_PATHS)
    batches = deploys * requests
    function = batches * (PER_INVOCATION + SECONDS_PER_BATCH * GIGABYTES * PER_GB_SECOND)
    queue = (deploys * objects * REQUESTS_PER_EVENT + IDLE_REQUESTS) * PER_SQS_REQUEST
    return Bill(_paths(deploys * items), function, queue)


def _paths(paths: float) -> float:
    return max(paths - FREE_PATHS, 0) * PER_PATH


def rows(*, quick: bool = False) -> Iterator[Row]:
    """Compare the designs for months of few and of many changes."""
    months = [(30, 20), (30, 500), (100, 5_000)]
    for deploys, objects in months[:1] if quick else months:
        month = f"{deploys} deploys of {objects:,} objects"
        usual, ours = classic_bill(deploys, objects), batched_bill(deploys, objects)
        yield _row(f"{month}: {_CLASSIC}", usual, usual)
        yield _row(f"{month}: {_BATCHED}", ours, usual)


def _row(name: str, bill: Bill, usual: Bill) -> Row:
    parts = {"paths": bill.paths, "function": bill.function, "queue": bill.queue}
    also = {part: round(dollars, 2) for part, dollars in parts.items()}
    return Row(SECTION, name, bill.total, "$", bill.total / usual.total, _CLASSIC, also=also)
