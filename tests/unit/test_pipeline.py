"""Payloads in, calls and answers out: what reaches CloudFront, and what goes back to the queue."""

import json
import logging
from typing import Any
from unittest import mock

import pytest

from conftest import LoadMap
from purgemap.batch_log import JsonFormatter, batch_lines
from purgemap.delivery import FailureKind, InvalidationError, RateLimit, ReceivedMessage
from purgemap.delivery.backoff import MAX_DELAY_SECONDS
from purgemap.errors import PurgemapError
from purgemap.lambda_function import serve
from purgemap.operations.dead_letters import classify_dead_letter
from purgemap.pipeline import PartialDeliveryError, Service, lambda_response, process_batch
from purgemap.routemap.compiled import Distribution, RouteMap
from purgemap.routing.router import Router
from support.doubles.memory import MemoryCloudFront, MemoryQueue
from support.payloads import s3_event, sqs_batch

NOW = 1_794_441_600.0  # 2026-11-12T00:00:00Z, when the events of tests happen

E1, E2 = "E1EXAMPLE1ABCD", "E2EXAMPLE2ABCD"

MAP = f"""
version: 1
routes:
  - {{name: all, bucket: site, distributions: [{E1}]}}
  - {{name: docs, bucket: site, prefix: docs/, distributions: [{E2}]}}
"""


def service(routes: RouteMap, cloudfront: MemoryCloudFront, queue: MemoryQueue | None = None) -> Service:
    return Service(routes, Router(routes), cloudfront, queue, queue)


def rate_limit(now: float = NOW) -> RateLimit:
    return RateLimit(now=lambda: now, seconds_left=lambda: 60.0, sleep=lambda _: None)


def test_pipeline_makes_one_call_per_distribution(map_from_yaml: LoadMap) -> None:
    cloudfront = MemoryCloudFront()
    batch = sqs_batch(s3_event("site", f"docs/{n}.html") for n in range(100))
    report = process_batch(batch, service(map_from_yaml(MAP), cloudfront), rate_limit())
    assert lambda_response(report) == {"batchItemFailures": []}
    assert [(name, len(items)) for name, items, _ in cloudfront.calls] == [(E1, 100), (E2, 100)]


def test_pipeline_warns_once_per_unknown_name(
    map_from_yaml: LoadMap,
) -> None:
    routes = map_from_yaml(
        f"""
        version: 1
        distributions: {{www: {{id: {E1}}}}}
        routes:
          - {{name: sites, bucket: "sites-{{site}}", distributions: ["{{site}}"]}}
          - {{name: news, bucket: "sites-{{site}}", prefix: news/, distributions: [www]}}
        """
    )
    events = [s3_event("sites-x", "a"), s3_event("sites-x", "news/a"), s3_event("sites-x", "a", "deleted")]
    report = process_batch(sqs_batch(events), service(routes, MemoryCloudFront()), rate_limit())
    assert report.jobs.warnings == ["route sites: {site} names 'x', which is not under distributions:"]


def test_lambda_response_names_records_of_failed_distribution(map_from_yaml: LoadMap) -> None:
    cloudfront = MemoryCloudFront(refusing={E2: FailureKind.NOT_FOUND})
    batch = sqs_batch([s3_event("site", "a"), s3_event("site", "docs/b"), "{broken", s3_event("other", "docs/c")])
    assert lambda_response(process_batch(batch, service(map_from_yaml(MAP), cloudfront), rate_limit())) == {
        "batchItemFailures": [{"itemIdentifier": "m-2"}, {"itemIdentifier": "m-3"}]
    }
    assert [name for name, _, _ in cloudfront.calls] == [E1, E2]


def test_lambda_response_names_only_messages_of_batch(map_from_yaml: LoadMap) -> None:
    inner = sqs_batch(["{broken", s3_event("site", "docs/b")], first=7)
    batch = sqs_batch([inner, s3_event("site", "a")])["Records"]
    assert lambda_response(process_batch(batch, service(map_from_yaml(MAP), MemoryCloudFront()), rate_limit())) == {
        "batchItemFailures": [{"itemIdentifier": "m-1"}]
    }


def test_lambda_response_raises_without_queue_after_sending(map_from_yaml: LoadMap) -> None:
    cloudfront = MemoryCloudFront(refusing={E1: FailureKind.ACCESS_DENIED})
    report = process_batch(s3_event("site", "docs/b"), service(map_from_yaml(MAP), cloudfront), rate_limit())
    with pytest.raises(PartialDeliveryError, match=f"{E1}: refused as denied"):
        lambda_response(report)
    assert [name for name, _, _ in cloudfront.calls] == [E1, E2]


def test_lambda_response_fails_batch_without_message_id(map_from_yaml: LoadMap) -> None:
    batch = sqs_batch(["{broken", s3_event("site", "a")])
    del batch["Records"][0]["messageId"]
    cloudfront = MemoryCloudFront()
    with pytest.raises(PartialDeliveryError):
        lambda_response(process_batch(batch, service(map_from_yaml(MAP), cloudfront), rate_limit()))
    assert len(cloudfront.calls) == 1


def test_caller_reference_repeats_for_batch_only(map_from_yaml: LoadMap) -> None:
    cloudfront = MemoryCloudFront()
    serving = service(map_from_yaml(MAP), cloudfront)
    batch = sqs_batch([s3_event("site", "a"), s3_event("site", "b")])
    reordered = {"Records": batch["Records"][::-1]}
    later = sqs_batch([s3_event("site", "a"), s3_event("site", "b")], first=3)
    for payload in (batch, reordered, later):
        process_batch(payload, serving, rate_limit())
    first, again, new = (reference for _, _, reference in cloudfront.calls)
    assert first == again != new
    assert len(first) <= 128


def test_caller_reference_differs_for_changes_without_id(map_from_yaml: LoadMap) -> None:
    cloudfront = MemoryCloudFront()
    event = s3_event("site", "a")
    del event["id"], event["detail"]["request-id"], event["detail"]["object"]["sequencer"]
    for now in (NOW, NOW + 60):
        process_batch(event, service(map_from_yaml(MAP), cloudfront), rate_limit(now))
    first, later = (reference for _, _, reference in cloudfront.calls)
    assert first != later


def test_caller_reference_accepts_half_surrogate_pair(map_from_yaml: LoadMap) -> None:
    cloudfront = MemoryCloudFront()
    process_batch({**s3_event("site", "a"), "id": "\ud800"}, service(map_from_yaml(MAP), cloudfront), rate_limit())
    assert [items for _, items, _ in cloudfront.calls] == [("/a",)]


def test_caller_reference_differs_between_distributions(map_from_yaml: LoadMap) -> None:
    cloudfront = MemoryCloudFront()
    process_batch(sqs_batch([s3_event("site", "docs/a")]), service(map_from_yaml(MAP), cloudfront), rate_limit())
    assert len({reference for _, _, reference in cloudfront.calls}) == 2


def test_pipeline_makes_no_call_for_empty_batch(map_from_yaml: LoadMap) -> None:
    cloudfront = MemoryCloudFront()
    serving = service(map_from_yaml(MAP), cloudfront)
    payloads: list[Any] = [{"Records": []}, [], s3_event("unknown", "a"), sqs_batch([s3_event("unknown", "a")])]
    for payload in payloads:
        lambda_response(process_batch(payload, serving, rate_limit()))
    assert cloudfront.calls == []


def test_handler_fails_if_timeout_allows_no_call(
    map_from_yaml: LoadMap,
) -> None:
    queue = MemoryQueue()
    handler = serve(service(map_from_yaml(MAP), MemoryCloudFront(), queue), calls_per_second=0.5)
    batch, context = sqs_batch([s3_event("site", "a")]), mock.Mock(spec=["get_remaining_time_in_millis"])
    context.get_remaining_time_in_millis.return_value = 29_900
    with pytest.raises(PurgemapError, match="set its timeout to 60 seconds"):
        handler(batch, context)
    context.get_remaining_time_in_millis.return_value = 60_000
    assert handler(batch, context) == {"batchItemFailures": []}
    assert queue.messages == []


def test_log_has_json_line_per_invalidation_and_batch(map_from_yaml: LoadMap) -> None:
    cloudfront = MemoryCloudFront(refusing={E2: FailureKind.NOT_FOUND})
    batch = sqs_batch([s3_event("site", "docs/b"), s3_event("nobody", "c"), "{broken"])
    report = process_batch(batch, service(map_from_yaml(MAP), cloudfront), rate_limit())
    lines = [line for line in batch_lines(report, NOW, NOW + 0.5, "staging") if line.level >= logging.INFO]
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
    report = process_batch(
        s3_event("site", "docs/b"), service(map_from_yaml(MAP), cloudfront, MemoryQueue()), rate_limit()
    )
    (deferred,) = [line for line in batch_lines(report, NOW, NOW) if line.message == "deferred"]
    assert 0 < deferred.fields.pop("delay") <= MAX_DELAY_SECONDS
    assert (deferred.level, deferred.fields) == (
        logging.WARNING,
        {"distribution": E2, "changes": 1, "refusals": 1, "items": ["/docs/b"], "reason": "refused as full"},
    )


class PickyCloudFront(MemoryCloudFront):
    """Can't take one item."""

    def create_invalidation(self, distribution: Distribution, items: tuple[str, ...], caller_reference: str) -> str:
        if "/docs/odd" in items:
            raise InvalidationError(FailureKind.INVALID_ARGUMENT, "InvalidArgument")
        return super().create_invalidation(distribution, items, caller_reference)


def test_log_warns_of_replaced_items(map_from_yaml: LoadMap) -> None:
    batch = sqs_batch([s3_event("site", "docs/odd"), s3_event("site", "docs/plain")])
    report = process_batch(batch, service(map_from_yaml(MAP), PickyCloudFront()), rate_limit())
    accepted = [line for line in batch_lines(report, NOW, NOW) if line.message == "accepted"]
    assert [(line.level, line.fields["items"], line.fields.get("replaced_items")) for line in accepted] == [
        (logging.WARNING, ("/", "/*"), ("/docs/odd",)),
        (logging.INFO, ("/docs/plain",), None),
        (logging.WARNING, ("/docs/", "/docs/*"), ("/docs/odd",)),
        (logging.INFO, ("/docs/plain",), None),
    ]


def test_pipeline_rejects_job_of_removed_distribution(
    map_from_yaml: LoadMap,
) -> None:
    cloudfront, queue, dead_letters = (
        MemoryCloudFront(refusing={E2: FailureKind.QUOTA_EXCEEDED}),
        MemoryQueue(),
        MemoryQueue(),
    )

    def run(yaml: str, *bodies: Any) -> None:
        routes = map_from_yaml(yaml)
        report = process_batch(
            sqs_batch(bodies), Service(routes, Router(routes), cloudfront, queue, dead_letters), rate_limit()
        )
        assert lambda_response(report) == {"batchItemFailures": []}

    run(MAP, s3_event("site", "docs/b"))
    run(MAP.replace(E2, E1), queue.messages.pop().body)
    (letter,) = dead_letters.messages
    assert json.loads(letter.body)["rejected"] == "the map no longer has this distribution"
    cloudfront.refusing.clear()
    run(MAP, *classify_dead_letter(ReceivedMessage("d-1", "", letter.body, {}, NOW), NOW).redrive_bodies)
    assert cloudfront.calls[-1][:2] == (E2, ("/docs/b",))


def test_pipeline_sends_jobs_that_queue_refuses(map_from_yaml: LoadMap) -> None:
    sites = [f"E{number:012}X" for number in range(11)]
    routes = map_from_yaml(f"version: 1\nroutes:\n  - {{bucket: site, distributions: [{', '.join(sites)}]}}\n")
    cloudfront, full = MemoryCloudFront(), MemoryQueue("no right to send")
    told = process_batch(
        sqs_batch([s3_event("site", "a")]), Service(routes, Router(routes), cloudfront, full, None), rate_limit()
    )
    assert [name for name, _, _ in cloudfront.calls] == sites
    assert lambda_response(told) == {"batchItemFailures": []}


def test_pipeline_queues_more_new_jobs_than_a_burst(map_from_yaml: LoadMap) -> None:
    sites = [f"E{number:012}X" for number in range(11)]
    routes = map_from_yaml(f"version: 1\nroutes:\n  - {{bucket: site, distributions: [{', '.join(sites)}]}}\n")
    cloudfront, queue = MemoryCloudFront(), MemoryQueue()
    process_batch(
        sqs_batch([s3_event("site", "a")]), Service(routes, Router(routes), cloudfront, queue, None), rate_limit()
    )
    assert (cloudfront.calls, len(queue.messages)) == ([], 11)
