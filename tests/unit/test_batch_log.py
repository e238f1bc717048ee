"""The log lines and metrics of a batch."""

import json
import logging

import pytest

from conftest import LoadMap
from purgemap.batch_log import MAX_ITEMS_SHOWN, JsonFormatter, batch_lines, log_batch
from purgemap.delivery import Deferred, FailureKind, InvalidationError, Outcome
from purgemap.delivery.backoff import MAX_DELAY_SECONDS
from purgemap.events import parse_payload
from purgemap.paths import BatchJobs
from purgemap.pipeline import BatchResult, process_batch
from purgemap.routemap.compiled import Distribution
from support.delivery import build_job, build_pending, build_rate_limit
from support.doubles.memory import MemoryCloudFront, MemoryQueue
from support.ids import E1, E2, NOW
from support.ledger_site import BUCKET, LedgerSite
from support.ledger_site import MAP as LEDGER_MAP
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
        {"distributions": [E2], "jobs": 1, "changes": 1, "refusals": 1, "reason": "refused as full"},
    )


def build_result(*outcomes: Outcome) -> BatchResult:
    return BatchResult(parse_payload([]), BatchJobs([], [], [], []), list(outcomes), [])


def test_log_shows_deferred_jobs_in_one_line_for_each_reason() -> None:
    waiting = [Deferred(pending.job, delay, "no time") for delay, pending in enumerate(build_pending(30))]
    failed = Deferred(build_job("/z")._replace(failed_attempts=2), 20, "refused as full")
    result = build_result(*waiting, failed)
    lines = [line for line in batch_lines(result, NOW, NOW, with_items=True) if line.message == "deferred"]
    assert [(line.level, line.fields["jobs"], line.fields["delay"], line.fields["refusals"]) for line in lines] == [
        (logging.INFO, 30, 29, 0),
        (logging.WARNING, 1, 20, 2),
    ]
    assert len(lines[0].fields["distributions"]) == MAX_ITEMS_SHOWN


@pytest.mark.parametrize(("level", "is_shown"), [(logging.DEBUG, True), (logging.INFO, False)])
def test_log_shows_items_of_each_job_at_debug(caplog: pytest.LogCaptureFixture, level: int, *, is_shown: bool) -> None:
    result = build_result(Deferred(build_job("/z"), 1, "no time"))
    with caplog.at_level(level, "purgemap"):
        log_batch(result, NOW, NOW)
    items = [record.__dict__["fields"] for record in caplog.records if record.getMessage() == "items"]
    assert items == [{"distribution": E1, "items": ["/z"]}] * is_shown


def test_log_counts_unchanged_uploads_with_a_ledger(map_from_yaml: LoadMap) -> None:
    site = LedgerSite(map_from_yaml(LEDGER_MAP))
    site.publish("a")
    result = site.process(site.upload("a"), site.upload("b"))
    ledger, batch = [line for line in batch_lines(result, NOW, NOW) if line.message in {"ledger", "batch"}]
    assert ledger.level == logging.INFO
    assert ledger.fields == {
        "unchanged": 1, "marked": 1, "newer": 0, "failed_marks": 0, "recorded": 1, "unrecorded": 0
    }  # fmt: skip
    assert batch.fields["unchanged"] == 1
    assert {"Name": "unchanged", "Unit": "Count"} in batch.fields["_aws"]["CloudWatchMetrics"][0]["Metrics"]


def test_log_warns_of_failed_marks(map_from_yaml: LoadMap) -> None:
    site = LedgerSite(map_from_yaml(LEDGER_MAP))
    site.table.unmarkable = {(BUCKET, "a")}
    result = site.process(site.upload("a"))
    (line,) = [line for line in batch_lines(result, NOW, NOW) if line.message == "ledger"]
    assert (line.level, line.fields["failed_marks"]) == (logging.WARNING, 1)


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
