"""Jobs: how they merge, and how they become messages of a queue and are parsed from them."""

import json

import pytest

from purgemap.errors import PurgemapError
from purgemap.jobs import Job, job_messages, merge_jobs, parse_job
from support.delivery import build_job
from support.ids import E1, NOW


def test_merge_jobs_keeps_oldest_and_most_failures() -> None:
    old = build_job("/a", oldest=NOW - 50, scope="/a")._replace(failed_attempts=2, budget_level=1)
    new = build_job("/a", "/b", scope="/")._replace(sources=("m-2",), throttled=4, held_until=NOW)
    assert merge_jobs([old, new]) == Job(
        E1,
        {"/a": "/", "/b": "/"},
        ("m-1", "m-2"),
        NOW - 50,
        2,
        failed_attempts=2,
        throttled=4,
        budget_level=1,
        held_until=NOW,
    )


@pytest.mark.parametrize("scopes", [("/", "/blog/"), ("/blog/", "/"), (None, "/"), ("/", None)])
def test_merge_items_keeps_widest_scope(scopes: tuple[str | None, str | None]) -> None:
    assert merge_jobs(build_job("/blog/a", scope=scope) for scope in scopes).scopes == {"/blog/a": "/"}


def test_job_survives_its_message() -> None:
    scopes = {"/a": "/", "/b*": None, "#tag": None}
    deferred = build_job("/a", "/b*", "#tag")._replace(scopes=scopes, failed_attempts=3, budget_level=2, held_until=NOW)
    (body,) = job_messages(deferred, deferred="full")
    returned = parse_job(json.loads(body))
    assert returned == deferred._replace(sources=(deferred.digest,))
    assert returned.digest == deferred.digest


def test_job_messages_stay_under_size_limit() -> None:
    large = build_job(*(f"/{n:05}/{'x' * 100}" for n in range(20_000)))
    bodies = list(job_messages(large, deferred="full"))
    assert max(len(body.encode()) for body in bodies) < 256_000
    assert merge_jobs(parse_job(json.loads(body)) for body in bodies).scopes == large.scopes


@pytest.mark.parametrize("item", ["#" + '"' * 250, "/" + "x" * 250])
@pytest.mark.parametrize("reason", ["full", "a page of words " * 1_000, "\U0001f600" * 10_000])
def test_job_messages_stay_under_limit_for_any_text(item: str, reason: str) -> None:
    large = build_job(*(f"{item}{n:05}" for n in range(3_000)))
    bodies = list(job_messages(large, deferred=reason))
    assert max(len(body.encode()) for body in bodies) < 256_000
    assert merge_jobs(parse_job(json.loads(body)) for body in bodies).scopes == large.scopes


def test_parse_job_refuses_other_version() -> None:
    with pytest.raises(PurgemapError, match="version 99"):
        parse_job({"purgemap_job": 99})


@pytest.mark.parametrize("count", ["changes", "refusals", "throttled", "rung"])
def test_parse_job_refuses_negative_count(count: str) -> None:
    (body,) = job_messages(build_job("/a"))
    with pytest.raises(PurgemapError):
        parse_job({**json.loads(body), count: -1})


def test_parse_job_reads_message_of_previous_version() -> None:
    body = (
        '{"purgemap_job":1,"distribution":"E1EXAMPLE1ABCD","items":[[null,["#blog"]],["/blog/",["/blog/a"]]],'
        '"sources":"m-1","oldest":1794441600.0,"changes":2,"refusals":3,"throttled":1,"rung":2,"deferred":"Throttling"}'
    )
    scopes = {"#blog": None, "/blog/a": "/blog/"}
    assert parse_job(json.loads(body)) == Job(
        E1, scopes, ("m-1",), NOW, changes=2, failed_attempts=3, throttled=1, budget_level=2
    )
