"""Batches through the pipeline: the calls to CloudFront, and the records that Lambda must retry."""

import json
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from conftest import LoadMap
from purgemap.delivery import FailureKind, ReceivedMessage
from purgemap.errors import PurgemapError
from purgemap.jobs import job_messages
from purgemap.lambda_function import serve
from purgemap.operations.dead_letters import classify_dead_letter
from purgemap.pipeline import PartialDeliveryError, Service, lambda_response, process_batch
from purgemap.planning import FolderCountsFile, format_counts
from purgemap.routemap.compiled import RouteMap
from purgemap.routing.router import Router
from support.delivery import build_job, build_rate_limit
from support.doubles.memory import MemoryCloudFront, MemoryQueue
from support.ids import E1, E2, NOW
from support.payloads import s3_event, sqs_batch
from support.service import MAP, build_service


def test_pipeline_makes_one_call_per_distribution(map_from_yaml: LoadMap) -> None:
    cloudfront = MemoryCloudFront()
    batch = sqs_batch(s3_event("site", f"docs/{n}.html") for n in range(100))
    result = process_batch(batch, build_service(map_from_yaml(MAP), cloudfront), build_rate_limit())
    assert lambda_response(result) == {"batchItemFailures": []}
    assert [(name, len(items)) for name, items, _ in cloudfront.calls] == [(E1, 100), (E2, 100)]


@pytest.mark.parametrize("emptier", ["img", "js"])
def test_pipeline_plans_with_the_folder_counts(map_from_yaml: LoadMap, tmp_path: Path, emptier: str) -> None:
    counts = FolderCountsFile(tmp_path / "counts.json", pytest.fail)
    (tmp_path / "counts.json").write_bytes(format_counts({E1: {"/img/": 900, "/js/": 900, f"/{emptier}/": 90}}))
    cloudfront = MemoryCloudFront()
    service = build_service(map_from_yaml(MAP), cloudfront)._replace(folder_counts=counts)
    batch = sqs_batch(s3_event("site", f"{folder}/{n}") for folder in ("img", "js") for n in range(80))
    process_batch(batch, service, build_rate_limit())
    ((_, items, _),) = cloudfront.calls
    assert {item.split("/")[1] for item in items if item.endswith("*")} == {emptier}


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
    result = process_batch(sqs_batch(events), build_service(routes, MemoryCloudFront()), build_rate_limit())
    assert result.jobs.warnings == ["route sites: {site} names 'x', which is not under distributions:"]


def test_lambda_response_names_records_of_failed_distribution(map_from_yaml: LoadMap) -> None:
    cloudfront = MemoryCloudFront(refusing={E2: FailureKind.NOT_FOUND})
    batch = sqs_batch([s3_event("site", "a"), s3_event("site", "docs/b"), "{broken", s3_event("other", "docs/c")])
    assert lambda_response(process_batch(batch, build_service(map_from_yaml(MAP), cloudfront), build_rate_limit())) == {
        "batchItemFailures": [{"itemIdentifier": "m-2"}, {"itemIdentifier": "m-3"}]
    }
    assert [name for name, _, _ in cloudfront.calls] == [E1, E2]


def test_lambda_response_names_only_messages_of_batch(map_from_yaml: LoadMap) -> None:
    inner = sqs_batch(["{broken", s3_event("site", "docs/b")], first=7)
    batch = sqs_batch([inner, s3_event("site", "a")])["Records"]
    assert lambda_response(
        process_batch(batch, build_service(map_from_yaml(MAP), MemoryCloudFront()), build_rate_limit())
    ) == {"batchItemFailures": [{"itemIdentifier": "m-1"}]}


def test_lambda_response_raises_without_queue_after_sending(map_from_yaml: LoadMap) -> None:
    cloudfront = MemoryCloudFront(refusing={E1: FailureKind.ACCESS_DENIED})
    result = process_batch(
        s3_event("site", "docs/b"), build_service(map_from_yaml(MAP), cloudfront), build_rate_limit()
    )
    with pytest.raises(PartialDeliveryError, match=f"{E1}: refused as denied"):
        lambda_response(result)
    assert [name for name, _, _ in cloudfront.calls] == [E1, E2]


def test_lambda_response_fails_batch_without_message_id(map_from_yaml: LoadMap) -> None:
    batch = sqs_batch(["{broken", s3_event("site", "a")])
    del batch["Records"][0]["messageId"]
    cloudfront = MemoryCloudFront()
    with pytest.raises(PartialDeliveryError):
        lambda_response(process_batch(batch, build_service(map_from_yaml(MAP), cloudfront), build_rate_limit()))
    assert len(cloudfront.calls) == 1


def test_caller_reference_repeats_for_batch_only(map_from_yaml: LoadMap) -> None:
    cloudfront = MemoryCloudFront()
    serving = build_service(map_from_yaml(MAP), cloudfront)
    batch = sqs_batch([s3_event("site", "a"), s3_event("site", "b")])
    reordered = {"Records": batch["Records"][::-1]}
    later = sqs_batch([s3_event("site", "a"), s3_event("site", "b")], first=3)
    for payload in (batch, reordered, later):
        process_batch(payload, serving, build_rate_limit())
    first, again, new = (reference for _, _, reference in cloudfront.calls)
    assert first == again != new
    assert len(first) <= 128


def test_caller_reference_differs_for_changes_without_id(map_from_yaml: LoadMap) -> None:
    cloudfront = MemoryCloudFront()
    event = s3_event("site", "a")
    del event["id"], event["detail"]["request-id"], event["detail"]["object"]["sequencer"]
    for now in (NOW, NOW + 60):
        process_batch(event, build_service(map_from_yaml(MAP), cloudfront), build_rate_limit(now=now))
    first, later = (reference for _, _, reference in cloudfront.calls)
    assert first != later


def test_caller_reference_accepts_half_surrogate_pair(map_from_yaml: LoadMap) -> None:
    cloudfront = MemoryCloudFront()
    process_batch(
        {**s3_event("site", "a"), "id": "\ud800"}, build_service(map_from_yaml(MAP), cloudfront), build_rate_limit()
    )
    assert [items for _, items, _ in cloudfront.calls] == [("/a",)]


def test_caller_reference_differs_between_distributions(map_from_yaml: LoadMap) -> None:
    cloudfront = MemoryCloudFront()
    process_batch(
        sqs_batch([s3_event("site", "docs/a")]), build_service(map_from_yaml(MAP), cloudfront), build_rate_limit()
    )
    assert len({reference for _, _, reference in cloudfront.calls}) == 2


def test_pipeline_makes_no_call_for_empty_batch(map_from_yaml: LoadMap) -> None:
    cloudfront = MemoryCloudFront()
    serving = build_service(map_from_yaml(MAP), cloudfront)
    payloads: list[Any] = [{"Records": []}, [], s3_event("unknown", "a"), sqs_batch([s3_event("unknown", "a")])]
    for payload in payloads:
        lambda_response(process_batch(payload, serving, build_rate_limit()))
    assert cloudfront.calls == []


def test_handler_fails_if_timeout_allows_no_call(
    map_from_yaml: LoadMap,
) -> None:
    queue = MemoryQueue()
    handler = serve(build_service(map_from_yaml(MAP), MemoryCloudFront(), queue), calls_per_second=0.5)
    batch, context = sqs_batch([s3_event("site", "a")]), mock.Mock(spec=["get_remaining_time_in_millis"])
    context.get_remaining_time_in_millis.return_value = 29_900
    with pytest.raises(PurgemapError, match="set its timeout to 60 seconds"):
        handler(batch, context)
    context.get_remaining_time_in_millis.return_value = 60_000
    assert handler(batch, context) == {"batchItemFailures": []}
    assert queue.messages == []


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
        result = process_batch(
            sqs_batch(bodies), Service(routes, Router(routes), cloudfront, queue, dead_letters), build_rate_limit()
        )
        assert lambda_response(result) == {"batchItemFailures": []}

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
    cloudfront, full = MemoryCloudFront(), MemoryQueue("no permission to send")
    result = process_batch(
        sqs_batch([s3_event("site", "a")]), Service(routes, Router(routes), cloudfront, full, None), build_rate_limit()
    )
    assert [name for name, _, _ in cloudfront.calls] == sites
    assert lambda_response(result) == {"batchItemFailures": []}


def test_pipeline_queues_more_new_jobs_than_a_burst(map_from_yaml: LoadMap) -> None:
    sites = [f"E{number:012}X" for number in range(11)]
    routes = map_from_yaml(f"version: 1\nroutes:\n  - {{bucket: site, distributions: [{', '.join(sites)}]}}\n")
    cloudfront, queue = MemoryCloudFront(), MemoryQueue()
    process_batch(
        sqs_batch([s3_event("site", "a")]), Service(routes, Router(routes), cloudfront, queue, None), build_rate_limit()
    )
    (message,) = queue.messages
    assert (cloudfront.calls, len(json.loads(message.body))) == ([], 11)


def send_batches(routes: RouteMap, *batches: object) -> list[str]:
    """Return the caller references of the calls for some batches."""
    cloudfront = MemoryCloudFront()
    for batch in batches:
        process_batch(batch, build_service(routes, cloudfront), build_rate_limit())
    return [reference for _, _, reference in cloudfront.calls]


def test_caller_reference_is_new_for_redelivery_with_change(map_from_yaml: LoadMap) -> None:
    routes = map_from_yaml(f"version: 1\nroutes: [{{bucket: site, distributions: [{E1}]}}]")
    first, later = s3_event("site", "a"), s3_event("site", "a")
    references = send_batches(routes, sqs_batch([first]), sqs_batch([first, later]))
    assert references[0] != references[1]


def test_caller_reference_ignores_excluded_event(map_from_yaml: LoadMap) -> None:
    routes = map_from_yaml(f"version: 1\nroutes: [{{bucket: site, distributions: [{E1}], events: [created]}}]")
    created, deleted = s3_event("site", "a"), s3_event("site", "a", "deleted")
    references = send_batches(routes, sqs_batch([created]), sqs_batch([created, deleted]))
    assert references[0] == references[1]


def test_pipeline_merges_queued_job_with_changes(map_from_yaml: LoadMap) -> None:
    routes = map_from_yaml(f"version: 1\nroutes: [{{bucket: site, distributions: [{E1}]}}]")
    cloudfront = MemoryCloudFront()
    (body,) = job_messages(build_job("/a"))
    process_batch(sqs_batch([body, s3_event("site", "b")]), build_service(routes, cloudfront), build_rate_limit())
    assert [items for _, items, _ in cloudfront.calls] == [("/a", "/b")]
