"""The events of a batch: their details match the shipped schemas, fit a call, and leave nothing out unseen."""

import json
import logging
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from conftest import LoadMap
from purgemap.completion_events import (
    ACCEPTED,
    MAX_BYTES,
    MAX_EVENTS,
    MIN_SECONDS_FOR_EVENTS,
    REJECTED,
    SOURCE,
    CompletionEvents,
    Event,
    build_events,
)
from purgemap.delivery import Accepted, Deferred, FailureKind, Outcome, Rejected
from purgemap.events import parse_payload
from purgemap.jobs import Job
from purgemap.paths import BatchJobs
from purgemap.pipeline import BatchResult, process_batch
from purgemap.routemap import RouteMap
from support.delivery import build_job, build_rate_limit
from support.documents import section
from support.doubles.event_bus import MemoryEventBus, parse_detail, validator
from support.doubles.memory import MemoryCloudFront, MemoryQueue
from support.ids import E1, E2, NOW
from support.payloads import s3_event, sqs_batch
from support.service import build_service

MAP = f"""
version: 1
distributions: {{www: {{id: {E1}}}, docs: {{id: {E2}}}}}
routes:
  - {{name: all, bucket: site, distributions: [www]}}
  - {{name: handbook, bucket: site, prefix: docs/, distributions: [docs, www]}}
"""


def build_result(*outcomes: Outcome) -> BatchResult:
    return BatchResult(parse_payload([]), BatchJobs([], [], [], []), list(outcomes), [])


def accept(*items: str, distribution: str = E1) -> Accepted:
    items = items or ("/a",)
    return Accepted(build_job(*items, distribution=distribution), items, "reference", "I1")


def reject(*items: str, distribution: str = E1, reason: str = "NoSuchDistribution") -> Rejected:
    return Rejected(build_job(*items, distribution=distribution), reason)


def numbered(count: int) -> list[str]:
    return [f"E{number:013}" for number in range(count)]


def details(result: BatchResult, ended: float = NOW) -> list[tuple[str, dict[str, Any]]]:
    return [(event.detail_type, parse_detail(event)) for event in build_events(result, {}, ended)]


@pytest.fixture
def route_map(map_from_yaml: LoadMap) -> RouteMap:
    return map_from_yaml(MAP)


def test_events_report_accepted_and_rejected_jobs(route_map: RouteMap) -> None:
    service = build_service(route_map, MemoryCloudFront(refusing={E2: FailureKind.NOT_FOUND}), MemoryQueue())
    batch = sqs_batch([s3_event("site", "docs/b.html", time="2026-11-11T23:59:30Z"), s3_event("site", "c")])
    result = process_batch(batch, service, build_rate_limit())
    rejection, acceptance = build_events(result, route_map.names_by_id, NOW + 2.04)
    assert (rejection.detail_type, acceptance.detail_type) == (REJECTED, ACCEPTED)
    (_, _, reference), _ = sorted(service.cloudfront.calls)  # type: ignore[attr-defined]
    assert parse_detail(acceptance) == {
        "version": 1,
        "summary": f"2 items accepted for www ({E1})",
        "distributions": [E1],
        "distributions_total": 1,
        "invalidations": [
            {
                "distribution": E1,
                "names": ["www"],
                "routes": ["all", "handbook"],
                "routes_total": 2,
                "changes": 2,
                "refusals": 0,
                "oldest_change": "2026-11-11T23:59:30Z",
                "items": ["/c", "/docs/b.html"],
                "items_total": 2,
                "invalidation": f"I{reference[:13].upper()}",
                "caller_reference": reference,
                "paths": 2,
                "wildcards": 0,
                "seconds_to_accepted": 32.0,
            }
        ],
        "invalidations_total": 1,
    }
    assert parse_detail(rejection) == {
        "version": 1,
        "summary": f"1 item rejected for docs ({E2}): refused as gone",
        "distributions": [E2],
        "distributions_total": 1,
        "invalidations": [
            {
                "distribution": E2,
                "names": ["docs"],
                "routes": ["handbook"],
                "routes_total": 1,
                "changes": 1,
                "refusals": 0,
                "oldest_change": "2026-11-11T23:59:30Z",
                "items": ["/docs/b.html"],
                "items_total": 1,
                "reason": "refused as gone",
            }
        ],
        "invalidations_total": 1,
    }


def test_document_shows_the_members_of_an_event() -> None:
    text = section("deploy/README.md", "## Completion events")
    shown = parse_detail(
        (SOURCE, ACCEPTED, text.partition("<!-- completion event -->\n```json\n")[2].partition("```")[0])
    )
    (_, rejected), (_, accepted) = details(build_result(accept(), reject()))
    assert list(shown) == list(accepted) == list(rejected)
    assert list(shown["invalidations"][0]) == list(accepted["invalidations"][0])
    common = list(shown["invalidations"][0])[:-5]
    assert list(rejected["invalidations"][0]) == [*common, "reason"]


def test_schemas_describe_every_member_and_allow_more() -> None:
    for detail_type, detail in details(build_result(accept(), reject())):
        schema = validator(detail_type).schema
        assert isinstance(schema, dict)
        Draft202012Validator.check_schema(schema)
        report = schema["$defs"]["invalidation"]
        assert list(schema["properties"]) == schema["required"] == list(detail)
        assert sorted(report["properties"]) == sorted(report["required"]) == sorted(detail["invalidations"][0])
        validator(detail_type).validate(detail | {"later": 1})


def test_events_name_no_bucket(route_map: RouteMap) -> None:
    service = build_service(route_map, MemoryCloudFront(), MemoryQueue())
    result = process_batch(sqs_batch([s3_event("site", "docs/b.html")]), service, build_rate_limit())
    text = "".join(event.detail for event in build_events(result, route_map.names_by_id, NOW))
    assert "/docs/b.html" in text
    assert "site" not in text


def test_deferred_jobs_make_no_event() -> None:
    assert build_events(build_result(Deferred(build_job(), 20, "no time")), {}, NOW) == []


@pytest.mark.parametrize(("rejections", "acceptances", "shares"), [
    (10, 0, [1] * 10),
    (3, 7, [1] * 10),
    (3, 30, [1, 1, 1, 4, 4, 4, 5, 4, 4, 5]),
    (30, 3, [3, 3, 4, 3, 3, 4, 3, 3, 4, 3]),
    (0, 11, [1] * 9 + [2]),
])  # fmt: skip
def test_more_than_ten_outcomes_share_events(rejections: int, acceptances: int, shares: list[int]) -> None:
    accepted = [accept(distribution=id_) for id_ in numbered(acceptances)]
    rejected = [reject(distribution=id_) for id_ in numbered(rejections)]
    found = details(build_result(*accepted, *rejected))
    assert [len(detail["invalidations"]) for _, detail in found] == shares
    types = [detail_type for detail_type, _ in found]
    assert types == sorted(types, reverse=True), "rejections come first"
    for wanted, ids in ((REJECTED, numbered(rejections)), (ACCEPTED, numbered(acceptances))):
        assert sorted(id_ for type_, detail in found if type_ == wanted for id_ in detail["distributions"]) == ids


def test_requests_of_a_distribution_are_neighbours() -> None:
    outcomes = [accept(f"/{n}", distribution=id_) for n in range(2) for id_ in numbered(10)]
    found = details(build_result(*outcomes))
    assert [detail["distributions"] for _, detail in found] == [[id_] for id_ in numbered(10)]
    assert found[0][1]["summary"] == f"2 items of 2 jobs accepted for {numbered(1)[0]}"


def test_event_without_company_holds_3000_items() -> None:
    items = tuple(f"/assets/{number:040}.js" for number in range(3_000))
    ((_, detail),) = details(build_result(accept(*items)))
    assert detail["invalidations"][0]["items"] == list(items)


def test_long_lists_of_items_are_cut_and_counted() -> None:
    items = tuple(f"/{number:03999}" for number in range(100))
    outcomes = [accept(*items), *(accept(f"/{id_}", distribution=id_) for id_ in numbered(9))]
    found = [detail["invalidations"][0] for _, detail in details(build_result(*outcomes))]
    cut = [report for report in found if len(report["items"]) < report["items_total"]]
    assert [(report["items_total"], report["items"]) for report in cut] == [(100, list(items[:5]))]


def test_short_lists_leave_their_room_to_long_ones() -> None:
    items = tuple(f"/{number:0999}" for number in range(300))
    outcomes = [accept(*items, distribution=E1), *(accept(distribution=id_) for id_ in numbered(95))]
    reports = [report for _, detail in details(build_result(*outcomes)) for report in detail["invalidations"]]
    (long,) = [report for report in reports if report["distribution"] == E1]
    assert len(long["items"]) > 15, "a tenth of 24,000 bytes would be two"


def test_thousands_of_rejections_are_counted() -> None:
    rejected = [reject(distribution=id_, reason="gone") for id_ in numbered(5_000)]
    found = details(build_result(*rejected, accept()))
    assert sum(detail["invalidations_total"] for type_, detail in found if type_ == REJECTED) == 5_000
    ids = [id_ for type_, detail in found if type_ == REJECTED for id_ in detail["distributions"]]
    assert ids == numbered(5_000), "a rule finds each of them"


def test_long_reason_ends_visibly() -> None:
    ((_, detail),) = details(build_result(reject(reason="x" * 501)))
    assert detail["invalidations"][0]["reason"] == f"{'x' * 499}…"


@pytest.mark.parametrize("reason", ['a "quoted" reason', "back\\slash", "two\nlines", "\x00\x1b", "é" * 2_000])
def test_summary_fits_the_json_text_of_a_transformer(reason: str) -> None:
    ((_, detail),) = details(build_result(reject(reason=reason)))
    template = f'{{"description": "{detail["summary"]}"}}'
    assert json.loads(template) == {"description": detail["summary"]}


# What a map, CloudFront and a message of the queue may contain.
TEXTS = st.builds(lambda text, times: text * times, st.text(max_size=9), st.integers(1, 300))
LENGTHS = st.lists(st.integers(0, 3_990), min_size=1, max_size=50)
ITEMS = st.builds(lambda lengths, text: [f"/{n}{text * n}" for n in lengths], LENGTHS, st.sampled_from(["", "x", '"']))
JOBS = st.builds(
    Job,
    distribution=st.one_of(st.sampled_from([E1, E2]), TEXTS),
    scopes=ITEMS.map(dict.fromkeys),
    sources=st.just(("m-1",)),
    oldest_event_time=st.floats(allow_nan=False, allow_infinity=False),
    changes=st.integers(0, 10**9),
    failed_attempts=st.integers(0, 10**6),
)
OUTCOMES = st.one_of(
    st.builds(Rejected, job=JOBS, reason=TEXTS),
    JOBS.map(lambda job: Accepted(job, tuple(job.scopes), "r" * 64, "I1")),
)
SURROGATE = Rejected(Job("\ud800" * 3_000, {"/a": None}, (), -1e300, 1), "\udfff😀" * 900)


@given(st.lists(OUTCOMES, max_size=40), st.lists(TEXTS, max_size=30))
@example([SURROGATE] * 12, ["😀" * 2_000] * 30)
def test_events_of_any_outcomes_fit_a_call(outcomes: list[Outcome], names: list[str]) -> None:
    names_by_id = {outcome.job.distribution: names for outcome in outcomes}
    events = build_events(build_result(*outcomes), names_by_id, NOW)
    assert len(events) == min(len(outcomes), MAX_EVENTS)
    assert sum(len("".join(event).encode()) for event in events) <= MAX_BYTES + 1_000
    for event in events:
        detail = parse_detail(event)
        assert 1 <= len(detail["invalidations"]) <= detail["invalidations_total"]
        assert all(len(report["items"]) <= report["items_total"] for report in detail["invalidations"])
    totals = [parse_detail(event)["invalidations_total"] for event in events]
    assert sum(totals) == len(outcomes)


def send(
    bus: MemoryEventBus, route_map: RouteMap, *outcomes: Outcome, seconds_left: float = 60, ended: float = NOW
) -> None:
    CompletionEvents(bus, route_map).send(build_result(*outcomes), ended, lambda: seconds_left)


def warnings(caplog: pytest.LogCaptureFixture) -> list[Any]:
    return [(record.levelname, record.getMessage(), record.__dict__["fields"]) for record in caplog.records]


def test_events_of_a_batch_are_one_call(route_map: RouteMap, caplog: pytest.LogCaptureFixture) -> None:
    bus = MemoryEventBus()
    send(bus, route_map, *(accept(distribution=id_) for id_ in numbered(40)))
    assert [len(call) for call in bus.calls] == [10]
    assert all(isinstance(event, Event) for event in bus.calls[0])
    assert warnings(caplog) == []


def test_batch_without_outcomes_makes_no_call(route_map: RouteMap) -> None:
    bus = MemoryEventBus()
    send(bus, route_map, Deferred(build_job(), 20, "no time"))
    assert bus.calls == []


@pytest.mark.parametrize(
    ("failures", "fields"),
    [
        (["", "InternalFailure: later"], {"events": 3, "failed": 1, "reason": "InternalFailure: later"}),
        (["a", "b", "c"], {"events": 3, "failed": 3, "reason": "a"}),
        (ValueError("a bug"), {"events": 3, "failed": 3, "reason": "ValueError: a bug"}),
    ],
)
def test_failed_events_are_one_warning(
    route_map: RouteMap, caplog: pytest.LogCaptureFixture, failures: list[str] | Exception, fields: dict[str, Any]
) -> None:
    send(MemoryEventBus(failures), route_map, *(accept(distribution=id_) for id_ in numbered(3)))
    assert warnings(caplog) == [(logging.getLevelName(logging.WARNING), "events not sent", fields)]


def test_no_call_starts_without_time_for_it(route_map: RouteMap, caplog: pytest.LogCaptureFixture) -> None:
    bus = MemoryEventBus()
    send(bus, route_map, accept(), seconds_left=MIN_SECONDS_FOR_EVENTS - 0.6)
    assert bus.calls == []
    fields = {"events": 1, "failed": 1, "reason": "the function has 7 s left"}
    assert warnings(caplog) == [("WARNING", "events not sent", fields)]
    send(bus, route_map, accept(), seconds_left=MIN_SECONDS_FOR_EVENTS)
    assert len(bus.calls) == 1
