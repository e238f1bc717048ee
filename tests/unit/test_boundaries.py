"""Limits and branches that only one input reaches: each test fails if its rule is off by one, or left out."""

import json
from itertools import pairwise

import pytest

from conftest import LoadMap
from purgemap.delivery import (
    Accepted,
    Deferred,
    FailureKind,
    InvalidationError,
    Outcome,
    RateLimit,
    ReceivedMessage,
    Rejected,
)
from purgemap.delivery.backoff import retry_delay
from purgemap.delivery.queueing import enqueue_outcomes
from purgemap.errors import PurgemapError
from purgemap.events import parse_payload
from purgemap.jobs import Job, PendingJob, job_messages, merge_jobs, parse_job
from purgemap.operations.dead_letters import DeadLetterSource, classify_dead_letter
from purgemap.paths.items import items_for_target
from purgemap.pipeline import Service, process_batch
from purgemap.planning import Listing, reduced_budget
from purgemap.routemap.compiled import Distribution, RouteMap, Settings
from purgemap.routemap.globs import Glob
from purgemap.routemap.patterns import Pattern
from purgemap.routing.router import Router
from purgemap.routing.targets import Target
from support.delivery import deliver
from support.doubles.memory import MemoryCloudFront, MemoryQueue
from support.payloads import s3_event, sqs_batch

NOW = 1_794_441_600.0
E1 = Distribution("E1EXAMPLE1ABCD")

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatchRequestEntry.html
SQS_MAX_DELAY_SECONDS = 900

# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/invalidation-specifying-objects.html
CLOUDFRONT_MAX_PATH_CHARACTERS = 4_000


def job(*items: str, scope: str | None = "/") -> Job:
    return Job(E1.id, dict.fromkeys(items, scope), ("m-1",), NOW, changes=1)


def rate_limit() -> RateLimit:
    return RateLimit(now=lambda: NOW, seconds_left=lambda: 60.0, sleep=lambda _: None)


def target(**settings: object) -> Target:
    return Target("site", "bucket", E1, Settings(**settings), "", "", {"site": "x" * 200})  # type: ignore[arg-type]


def caller_references(routes: RouteMap, *batches: object) -> list[str]:
    cloudfront = MemoryCloudFront()
    service = Service(routes, Router(routes), cloudfront, None, None)
    for batch in batches:
        process_batch(batch, service, rate_limit())
    return [reference for _, _, reference in cloudfront.calls]


def test_caller_reference_is_new_for_redelivery_with_change(map_from_yaml: LoadMap) -> None:
    routes = map_from_yaml(f"version: 1\nroutes: [{{bucket: site, distributions: [{E1.id}]}}]")
    first, later = s3_event("site", "a"), s3_event("site", "a")
    references = caller_references(routes, sqs_batch([first]), sqs_batch([first, later]))
    assert references[0] != references[1]


def test_caller_reference_ignores_excluded_event(map_from_yaml: LoadMap) -> None:
    routes = map_from_yaml(f"version: 1\nroutes: [{{bucket: site, distributions: [{E1.id}], events: [created]}}]")
    created, deleted = s3_event("site", "a"), s3_event("site", "a", "deleted")
    references = caller_references(routes, sqs_batch([created]), sqs_batch([created, deleted]))
    assert references[0] == references[1]


@pytest.mark.parametrize("failed_attempts", range(12))
def test_retry_delay_is_within_sqs_limit(failed_attempts: int) -> None:
    queue = MemoryQueue()
    delays = [retry_delay(E1.id, NOW + second, failed_attempts=failed_attempts) for second in range(0, 3_000, 7)]
    assert enqueue_outcomes([Deferred(job("/a"), delay, "full") for delay in delays], queue, None) == []
    assert max(delays) <= SQS_MAX_DELAY_SECONDS


@pytest.mark.parametrize(
    ("failed_attempts", "seconds"), [(2, 20), (3, 40), (4, 80), (5, 160), (6, 320), (7, 160), (8, 640)]
)
def test_retry_slots_are_one_interval_apart(failed_attempts: int, seconds: int) -> None:
    times = [NOW + second for second in range(3_000)]
    slots = sorted({round(time + retry_delay(E1.id, time, failed_attempts=failed_attempts)) for time in times})
    assert {later - slot for slot, later in pairwise(slots)} == {seconds}


def test_reduced_budget_of_level_zero_is_the_maps() -> None:
    assert reduced_budget(3_000, 15, 0) == (3_000, 15)
    assert reduced_budget(3_000, 15, 1) == (75, 5)


@pytest.mark.parametrize("scopes", [("/", "/blog/"), ("/blog/", "/"), (None, "/"), ("/", None)])
def test_merge_items_keeps_widest_scope(scopes: tuple[str | None, str | None]) -> None:
    assert merge_jobs(job("/blog/a", scope=scope) for scope in scopes).scopes == {"/blog/a": "/"}


@pytest.mark.parametrize(
    ("template", "items"),
    [
        ("/x{path}", ["/x/a.js", "/x/a.js*"]),
        ("/{key}/", ["/a.js/"]),
        ("/all{dir}", ["/all/"]),
        ("/{bucket}", ["/bucket"]),
    ],
)
def test_items_add_query_wildcard_after_object(template: str, items: list[str]) -> None:
    assert sorted(items_for_target(target(invalidate=(template,), query_strings=True), ["a.js"]).items) == items


def test_items_keep_path_of_maximum_length() -> None:
    template = "/" + "y" * (CLOUDFRONT_MAX_PATH_CHARACTERS - len("//a")) + "{path}"
    (item,) = items_for_target(target(invalidate=(template,)), ["a"]).items
    assert (len(item), item[-2:]) == (CLOUDFRONT_MAX_PATH_CHARACTERS, "/a")


def test_items_replace_longer_path_by_wildcard() -> None:
    template = "/" + "y" * (CLOUDFRONT_MAX_PATH_CHARACTERS - len("//a")) + "{path}"
    (item,) = items_for_target(target(invalidate=(template,)), ["ab"]).items
    assert (len(item) <= CLOUDFRONT_MAX_PATH_CHARACTERS, item[-1]) == (True, "*")


class RefusingCloudFront(MemoryCloudFront):
    """Refuses each request that holds one of some items, as CloudFront does an invalid path."""

    def __init__(self, *invalid: str) -> None:
        super().__init__()
        self.invalid = set(invalid)

    def create_invalidation(self, distribution: Distribution, items: tuple[str, ...], caller_reference: str) -> str:
        if self.invalid & set(items):
            raise InvalidationError(FailureKind.INVALID_ARGUMENT, "InvalidArgument")
        return super().create_invalidation(distribution, items, caller_reference)


def test_attempt_rejects_item_refused_with_its_wildcard() -> None:
    # More than eight calls: what is left is deferred, and what was found to be refused is not sent again.
    items = [f"/blog/{number:03}" for number in range(100)]
    cloudfront = RefusingCloudFront("/blog/000", "/blog/*", *items[50:])
    outcomes: list[Outcome] = deliver([PendingJob(job(*items, scope="/blog/"), E1)], cloudfront, rate_limit())
    assert ["/blog/000"] in [list(outcome.job.scopes) for outcome in outcomes if isinstance(outcome, Rejected)]


def test_sender_plans_with_listing() -> None:
    items = [f"/{folder}/{number}" for folder in "ab" for number in range(100)]
    listing = Listing([[f"/b/{number}/unchanged"] for number in range(100)])
    cloudfront = MemoryCloudFront()
    (outcome,) = deliver([PendingJob(job(*items), E1)], cloudfront, rate_limit(), {E1.id: listing})
    assert isinstance(outcome, Accepted)
    assert {item[:3] for item in outcome.items if item.endswith("*")} == {"/a/"}


@pytest.mark.parametrize("count", ["changes", "refusals", "throttled", "rung"])
def test_parse_job_refuses_negative_count(count: str) -> None:
    (body,) = job_messages(job("/a"))
    with pytest.raises(PurgemapError):
        parse_job({**json.loads(body), count: -1})


@pytest.mark.parametrize(
    "attributes",
    [{"ERROR_CODE": "NO_PERMISSIONS"}, {"RULE_ARN": "arn:aws:events:eu-central-1:111122223333:rule/purgemap-1"}],
)
def test_dead_letter_of_rule_is_known_by_its_attributes(attributes: dict[str, str]) -> None:
    letter = ReceivedMessage("m-1", "receipt", json.dumps(s3_event("site", "a")), attributes, NOW)
    assert classify_dead_letter(letter, NOW).kind is DeadLetterSource.RULE


@pytest.mark.parametrize("topic", ["text", None, 1, ["a"]])
def test_payload_of_topic_without_object_is_malformed(topic: object) -> None:
    batch = parse_payload({"Records": [{"EventSource": "aws:sns", "Sns": topic}]})
    assert batch.changes == []


@pytest.mark.parametrize("message_id", [5, None, "", ["m"]])
@pytest.mark.parametrize("body", [json.dumps(s3_event("site", "a")), 5, None])
def test_payload_with_other_types_is_malformed(message_id: object, body: object) -> None:
    batch = parse_payload({"Records": [{"eventSource": "aws:sqs", "messageId": message_id, "body": body}]})
    assert all(isinstance(change.source, str) for change in batch.changes)


def test_pattern_capture_is_one_segment_after_slash() -> None:
    assert Pattern("{site}/", full_match=False).match("/a/b") is None


def test_router_routes_keys_beside_unknown_name(map_from_yaml: LoadMap) -> None:
    routes = map_from_yaml(
        f"""
        version: 1
        distributions: {{acme: {{id: {E1.id}}}}}
        routes: [{{bucket: site, prefix: "{{name}}/", distributions: ["{{name}}"]}}]
        """
    )
    changes = parse_payload(sqs_batch(s3_event("site", key) for key in ("hooli/a", "acme/a"))).changes
    (keys,) = Router(routes).route(changes).keys_by_target.values()
    assert keys == ["acme/a"]


def test_sender_sends_oldest_change_first() -> None:
    ids = ["E1EXAMPLE1ABCD", "E2EXAMPLE2ABCD", "E3EXAMPLE3ABCD"]
    orders = [
        PendingJob(job("/a")._replace(distribution=id_, oldest_event_time=NOW - age), Distribution(id_))
        for age, id_ in enumerate(ids)
    ]
    cloudfront = MemoryCloudFront()
    deliver(orders, cloudfront, rate_limit())
    assert [distribution for distribution, _, _ in cloudfront.calls] == ids[::-1]


def test_pipeline_merges_queued_job_with_changes(map_from_yaml: LoadMap) -> None:
    routes = map_from_yaml(f"version: 1\nroutes: [{{bucket: site, distributions: [{E1.id}]}}]")
    cloudfront = MemoryCloudFront()
    (body,) = job_messages(job("/a"))
    process_batch(
        sqs_batch([body, s3_event("site", "b")]), Service(routes, Router(routes), cloudfront, None, None), rate_limit()
    )
    assert [items for _, items, _ in cloudfront.calls] == [("/a", "/b")]


def test_parse_job_reads_message_of_previous_version() -> None:
    body = (
        '{"purgemap_job":1,"distribution":"E1EXAMPLE1ABCD","items":[[null,["#blog"]],["/blog/",["/blog/a"]]],'
        '"sources":"m-1","oldest":1794441600.0,"changes":2,"refusals":3,"throttled":1,"rung":2,"deferred":"Throttling"}'
    )
    scopes = {"#blog": None, "/blog/a": "/blog/"}
    assert parse_job(json.loads(body)) == Job(
        E1.id, scopes, ("m-1",), NOW, changes=2, failed_attempts=3, throttled=1, budget_level=2
    )


@pytest.mark.parametrize(
    ("glob", "key", "is_match"),
    [
        ("*draft*", "a-draft-1.html", True),
        ("*draft*", "a.html", False),
        ("**/v1**", "a/v1/b", True),
        ("[ab]", "X", False),
    ],
)
def test_glob_matches_text_between_stars(glob: str, key: str, is_match: bool) -> None:  # noqa: FBT001
    assert bool(Glob(glob).matches(key)) is is_match
