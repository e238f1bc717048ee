"""A distribution's daily budget: the most that a day costs, with every change still covered."""

import json
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from conftest import LoadMap
from purgemap.batch_log import batch_lines
from purgemap.delivery.backoff import next_wildcard_slot
from purgemap.jobs import Job, job_messages
from purgemap.pipeline import BatchResult
from simulation.day import DAY, WINDOW_SECONDS, Day
from support.doubles.clock import Clock
from support.doubles.cloudfront import ACCOUNT
from support.payloads import s3_event

E1 = "E1EXAMPLE1ABCD"

# A slot's jobs arrive in the batch after it; a job that SQS returns early waits for a second batch.
DELIVERY_SECONDS = 3 * WINDOW_SECONDS

# From any moment on, the wildcards of the next slot are sent within this time.
TO_NEXT_SLOT = 900 + DELIVERY_SECONDS

Changes = Callable[[int], tuple[list[Any], list[str]]]


def map_of(budget: int = 5_000, *, routes: tuple[dict[str, Any], ...] = ({},)) -> str:
    distribution = {"id": E1, "max_paths_per_day": budget}
    config = [{"bucket": "site", "distributions": [distribution], **route} for route in routes]
    return json.dumps({"version": 1, "routes": config})


def puts(per_second: int) -> Changes:
    """Change pages at a rate, some of them repeatedly."""
    per_window = per_second * WINDOW_SECONDS

    def changes(window: int) -> tuple[list[Any], list[str]]:
        pages = [f"p{(window * per_window + number) % 4_321}.html" for number in range(per_window)]
        paths = [f"/{page}" for page in pages]
        if per_second == 1:
            return [s3_event("site", page) for page in pages], paths
        oldest = Clock().now + window * WINDOW_SECONDS
        job = Job(E1, dict.fromkeys(paths, "/"), (f"window {window}",), oldest, changes=per_window)
        return list(job_messages(job)), paths

    return changes


def edit(day: Day, *keys: str) -> BatchResult:
    """Change some objects within one window."""
    day.clock.advance(WINDOW_SECONDS)
    result = day.change([s3_event("site", key) for key in keys], [f"/{key}" for key in keys])
    assert result is not None
    return result


def spend(day: Day, paths: int) -> None:
    """Invalidate paths by hand, and stop shortly after a wildcard slot has begun."""
    for first in range(0, paths, 100):
        items = [f"/{number}" for number in range(first, min(first + 100, paths))]
        day.double.create_invalidation(ACCOUNT, E1, items, f"by hand {first}")
        day.clock.advance(WINDOW_SECONDS)
    day.clock.now = next_wildcard_slot(E1, day.clock()) + 2 * WINDOW_SECONDS


@pytest.mark.parametrize("per_second", [1, 20])
def test_daily_budget_limits_day_to_budget_and_96_wildcards(per_second: int, map_from_yaml: LoadMap) -> None:
    day = Day(map_from_yaml(map_of()))
    day.pass_time(DAY, puts(per_second))
    assert day.paths <= 5_000 + 96
    assert day.lateness <= TO_NEXT_SLOT
    day.pass_time(TO_NEXT_SLOT)
    assert day.uncovered == 0
    assert day.rejected.messages == []


def test_daily_budget_leaves_lone_edits_exact_and_immediate(map_from_yaml: LoadMap) -> None:
    day = Day(map_from_yaml(map_of()))
    for hour in range(48):
        edit(day, f"page-{hour}.html")
        assert (day.uncovered, day.sent[-1][1]) == (0, (f"/page-{hour}.html",))
        day.pass_time(3_600)
    assert day.paths == 48


def test_daily_budget_of_zero_is_unlimited_and_reads_nothing(map_from_yaml: LoadMap) -> None:
    day = Day(map_from_yaml(map_of(budget=0)))
    day.pass_time(7_200, puts(1))
    assert day.paths == 7_200
    assert day.cloudfront.reads == 0


def test_daily_budget_sends_despite_unreadable_history(map_from_yaml: LoadMap) -> None:
    day = Day(map_from_yaml(map_of(budget=1_000)))
    day.cloudfront.are_reads_failing = True
    day.pass_time(7_000, puts(1))
    assert len(day.warnings) == 4, "one from each function an hour"
    assert day.warnings[0] == (
        f"{E1}: max_paths_per_day counts only what this function has sent: ListInvalidations: AccessDenied: not allowed"
    )
    assert day.cloudfront.reads < 60, "another try every five minutes"
    day.pass_time(TO_NEXT_SLOT)
    assert day.uncovered == 0
    assert day.paths <= 3 * (1_000 + 9), "each of the three functions counts what it has sent itself"


def test_daily_budget_counts_paths_of_others(map_from_yaml: LoadMap) -> None:
    day = Day(map_from_yaml(map_of(budget=1_000)))
    spend(day, 990)
    edit(day, *(f"{number}.html" for number in range(10)))
    assert day.paths == 1_000
    edit(day, "later.html")
    assert (day.paths, day.uncovered) == (1_000, 1)
    day.pass_time(TO_NEXT_SLOT)
    assert (day.sent[-1][1], day.uncovered) == (("/*",), 0)


def test_daily_budget_limits_request_to_remaining_paths(map_from_yaml: LoadMap) -> None:
    day = Day(map_from_yaml(map_of(budget=1_000)))
    spend(day, 995)
    edit(day, *(f"blog/{number}.html" for number in range(10)), "index.html")
    assert day.sent[-1][1] == ("/", "/blog/*", "/index.html")
    assert day.uncovered == 0


def test_daily_budget_freed_slowly_evicts_scope_in_slots_only(map_from_yaml: LoadMap) -> None:
    day = Day(map_from_yaml(map_of(budget=40)))
    for number in range(40):
        edit(day, f"{number}.html")
        day.clock.advance(80)
    day.clock.advance(DAY - 3_600)
    before = len(day.sent)
    for number in range(40):
        edit(day, f"a{number}.html", f"b{number}.html", f"c{number}.html")
        day.pass_time(80)
    wildcards = [items for _, items in day.sent[before:] if items == ("/*",)]
    assert len(wildcards) <= 5, "an hour has four slots, and the first request waits for none"
    day.pass_time(TO_NEXT_SLOT)
    assert day.uncovered == 0


def test_daily_budget_is_free_a_day_after_it_was_spent(map_from_yaml: LoadMap) -> None:
    day = Day(map_from_yaml(map_of(budget=10)))
    edit(day, *(f"{number}.html" for number in range(10)))
    day.pass_time(DAY - 2 * WINDOW_SECONDS)
    edit(day, "held.html")
    assert (day.uncovered, day.paths) == (0, 11), "after a pause the wildcard goes at once"
    assert day.sent[-1][1] == ("/*",)
    edit(day, "exact.html")
    assert day.sent[-1][1] == ("/exact.html",)


def test_slot_wildcards_are_sent_once_by_several_functions(map_from_yaml: LoadMap) -> None:
    day = Day(map_from_yaml(map_of(budget=100)))
    spend(day, 100)
    for number in range(20):
        edit(day, f"{number}.html")
    assert day.uncovered == 20
    day.clock.advance(TO_NEXT_SLOT)
    day.share_returned()
    assert (day.paths, day.uncovered) == (101, 0)


def test_slot_wildcards_do_not_cover_later_changes(map_from_yaml: LoadMap) -> None:
    day = Day(map_from_yaml(map_of(budget=100)))
    spend(day, 100)
    edit(day, "first.html")
    while day.uncovered:
        day.pass_time(WINDOW_SECONDS)
    slot_sent = len(day.sent)
    edit(day, "second.html")
    assert (day.uncovered, len(day.sent)) == (1, slot_sent)
    day.pass_time(TO_NEXT_SLOT)
    assert (day.uncovered, len(day.sent)) == (0, slot_sent + 1)


def test_exceeded_budget_sends_each_scope_and_nothing_above(map_from_yaml: LoadMap) -> None:
    routes = (
        {"prefix": "blog/", "invalidate": ["{path}", "/feed.xml", "#blog"]},
        {"prefix": "shop/", "clean_urls": True},
    )
    day = Day(map_from_yaml(map_of(budget=100, routes=routes)))
    spend(day, 100)
    edit(day, *(f"{folder}/{number}.html" for folder in ("blog", "shop") for number in range(50)))
    edit(day, "blog/index.html", "shop/index.html")
    assert len(day.sent) == 1
    day.pass_time(TO_NEXT_SLOT)
    assert [items for _, items in day.sent[1:]] == [
        ("#blog", "/blog/", "/blog/*", "/feed.xml", "/shop", "/shop/", "/shop/*")
    ]


def test_exceeded_budget_is_logged_and_counted(map_from_yaml: LoadMap) -> None:
    day = Day(map_from_yaml(map_of(budget=100)))
    spend(day, 101)
    result = edit(day, "page.html")
    lines = {line.message: line for line in batch_lines(result, 0.0, 0.0)}
    line = lines["over budget"]
    assert line.level == logging.WARNING
    next_wildcards = line.fields.pop("next_wildcards")
    assert line.fields == {"distribution": E1, "spent": 101, "max_paths_per_day": 100}
    assert lines["batch"].fields["over_budget"] == 1
    assert lines["deferred"].fields["reason"] == "101 paths were sent in 24 hours, and max_paths_per_day is 100"
    day.pass_time(TO_NEXT_SLOT)
    sent = day.double.accepted(E1)[-1].created
    assert 0 <= sent - datetime.fromisoformat(next_wildcards).timestamp() <= DELIVERY_SECONDS
