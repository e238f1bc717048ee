"""What a key costs to match doesn't grow with the map, whatever its patterns: calls are counted, nothing is timed."""

import sys
from types import FrameType
from typing import Any

import pytest

from bench import callgrind
from bench.mix_maps import Mix, mixes
from bench.mixes_worker import payload_of
from bench.routing_cost import ROUTES, SHAPES, TODAY, instructions
from purgemap.events import ObjectChange, parse_payload
from purgemap.paths import build_jobs
from purgemap.routing.router import Router
from support.call_counts import count_calls

EVENTS, HIT = 200, 200
FEW, MANY = ({mix.name: mix for mix in mixes(size, HIT)} for size in (HIT, 4_000))


def cost(mix: Mix) -> int:
    """Count what a batch costs up to the plan, once the bucket is known."""
    router, changes = Router(mix.routes()), parse_payload(payload_of(mix, EVENTS)).changes
    wanted = build_jobs(router.route(changes), 0)
    assert len(wanted.unrouted) == EVENTS * mix.unrouted
    assert sum(order.job.changes for order in wanted.pending) == (EVENTS - len(wanted.unrouted)) * mix.targets
    return count_calls(lambda: build_jobs(router.route(changes), 0))


@pytest.mark.parametrize("name", FEW)
def test_twenty_times_the_patterns_cost_an_event_no_more(name: str) -> None:
    assert cost(MANY[name]) <= 1.1 * cost(FEW[name])


def test_a_list_of_globs_that_routes_share_is_asked_once_for_each_key() -> None:
    mix = FEW["100 routes that share an exclude, each"]
    router, asked = Router(mix.routes()), 0
    changes = [ObjectChange(mix.bucket(n), mix.key(n), "created", "m", "") for n in range(EVENTS)]
    build_jobs(router.route(changes), 0)

    def count(frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal asked
        asked += event == "call" and frame.f_code.co_name == "passes"

    sys.setprofile(count)
    try:
        build_jobs(router.route(changes), 0)
    finally:
        sys.setprofile(None)
    assert asked == EVENTS


def instructions_of_200_events(routes: int, what: str, shape: str) -> int:
    return instructions(routes, 220, what, shape) - instructions(routes, 20, what, shape)


@pytest.mark.skipif(not callgrind.is_at_hand(), reason="callgrind counts the instructions")
@pytest.mark.parametrize("shape", SHAPES)
def test_plan_of_an_event_costs_less_than_its_decoding(shape: str) -> None:
    plan, floor = (instructions_of_200_events(ROUTES[0], what, shape) for what in ("plan", "floor"))
    assert 0 < plan < floor


@pytest.mark.skipif(not callgrind.is_at_hand(), reason="callgrind counts the instructions")
def test_plan_of_an_event_costs_the_same_whatever_the_map() -> None:
    few, many = (instructions_of_200_events(routes, "plan", TODAY) for routes in ROUTES)
    assert 0 < many <= 1.1 * few
