"""The log lines and metrics of a batch."""

import json
import logging

from conftest import LoadMap
from purgemap.batch_log import JsonFormatter, batch_lines
from purgemap.delivery import FailureKind, InvalidationError
from purgemap.delivery.backoff import MAX_DELAY_SECONDS
from purgemap.pipeline import process_batch
from purgemap.routemap.compiled import Distribution
from support.delivery import build_rate_limit
from support.doubles.memory import MemoryCloudFront, MemoryQueue
from support.ids import E1, E2, NOW
from support.payloads import s3_event, sqs_batch
from support.service import MAP, build_service


def test_log_has_json_line_per_invalidation_and_batch(map_from_yaml: LoadMap) -> None:
    cloudfront = MemoryCloudFront(refusing={E2: FailureKind.NOT_FOUND})
    batch = sqs_batch([s3_event("site", "docs/b"), s3_event("elsewhere", "c"), "{broken"])
    result = process_batch(batch, build_service(map_from_yaml(MAP), cloudfront), build_rate_limit())
    lines = [line for line in batch_lines(result, NOW, NOW + 0.5, "staging") if line.level >= logging.INFO]
    assert [line.message for line in lines] == ["accepted", "rejected", "malformed record", "failed", "batch"]
    assert lines[0].fields["distribution"] == E1
    assert lines[0].fields["items"] == ("/docs/b",)
    assert lines[1].fields["reason"] == "refused as gone"
    record = logging.LogRecord("purgemap", logging.INFO, "", 0, "batch", None, None)
    record.fields = lines[-1].fields
    metrics = json.loads(JsonFormatter().format(record))
    described = metrics["_aws"]["CloudWatchMetrics"][0]
    assert {name["Name"]: metrics[name["Name"]] for name in described["Metrics"]} == {
        "changes": 2, "unrouted": 1, "ignored": 0, "malformed": 1, "items": 1, "wildcards": 0,
        "accepted": 1, "deferred": 0, "rejected": 1, "failed": 1, "over_budget": 0,
        "oldest_change_seconds": 0.0, "seconds_to_accepted": [0.5],
    }  # fmt: skip
    assert (described["Namespace"], described["Dimensions"]) == ("staging", [[]])
    assert (metrics["distributions"], metrics["routes"]) == ([E1, E2], ["all", "docs"])


def test_log_shows_reason_and_delay_of_deferred_job(map_from_yaml: LoadMap) -> None:
    cloudfront = MemoryCloudFront(refusing={E2: FailureKind.QUOTA_EXCEEDED})
    result = process_batch(
        s3_event("site", "docs/b"), build_service(map_from_yaml(MAP), cloudfront, MemoryQueue()), build_rate_limit()
    )
    (deferred,) = [line for line in batch_lines(result, NOW, NOW) if line.message == "deferred"]
    assert 0 < deferred.fields.pop("delay") <= MAX_DELAY_SECONDS
    assert (deferred.level, deferred.fields) == (
        logging.WARNING,
        {"distribution": E2, "changes": 1, "refusals": 1, "items": ["/docs/b"], "reason": "refused as full"},
    )


class PickyCloudFront(MemoryCloudFront):
    """Refuses requests that hold one item."""

    def create_invalidation(self, distribution: Distribution, items: tuple[str, ...], caller_reference: str) -> str:
        if "/docs/odd" in items:
            raise InvalidationError(FailureKind.INVALID_ARGUMENT, "InvalidArgument")
        return super().create_invalidation(distribution, items, caller_reference)


def test_log_warns_of_replaced_items(map_from_yaml: LoadMap) -> None:
    batch = sqs_batch([s3_event("site", "docs/odd"), s3_event("site", "docs/plain")])
    result = process_batch(batch, build_service(map_from_yaml(MAP), PickyCloudFront()), build_rate_limit())
    accepted = [line for line in batch_lines(result, NOW, NOW) if line.message == "accepted"]
    assert [(line.level, line.fields["items"], line.fields.get("replaced_items")) for line in accepted] == [
        (logging.WARNING, ("/", "/*"), ("/docs/odd",)),
        (logging.INFO, ("/docs/plain",), None),
        (logging.WARNING, ("/docs/", "/docs/*"), ("/docs/odd",)),
        (logging.INFO, ("/docs/plain",), None),
    ]
