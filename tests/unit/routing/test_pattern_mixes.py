"""Tests that the cost of matching a key does not grow with the map; they count calls and instructions."""

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
    """Count the calls that a batch takes to become jobs, when the bucket is already decoded."""
    router, changes = Router(mix.routes()), parse_payload(payload_of(mix, EVENTS)).changes
    batch_jobs = build_jobs(router.route(changes), 0)
    assert len(batch_jobs.unrouted) == EVENTS * mix.unrouted
    assert (
        sum(pending.job.changes for pending in batch_jobs.pending) == (EVENTS - len(batch_jobs.unrouted)) * mix.targets
    )
    return count_calls(lambda: build_jobs(router.route(changes), 0))


@pytest.mark.parametrize("name", FEW)
def test_router_cost_does_not_grow_with_patterns(name: str) -> None:
    assert cost(MANY[name]) <= 1.1 * cost(FEW[name])


def test_shared_exclude_is_matched_once_per_key() -> None:
    mix = FEW["100 routes that share an exclude, each"]
    router, matched = Router(mix.routes()), 0
    changes = [ObjectChange(mix.bucket(n), mix.key(n), "created", "m", "") for n in range(EVENTS)]
    build_jobs(router.route(changes), 0)

    def count(frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal matched
        matched += event == "call" and frame.f_code.co_name == "passes"

    sys.setprofile(count)
    try:
        build_jobs(router.route(changes), 0)
    finally:
        sys.setprofile(None)
    assert matched == EVENTS


def instructions_of_200_events(routes: int, what: str, shape: str) -> int:
    return instructions(routes, 220, what, shape) - instructions(routes, 20, what, shape)


@pytest.mark.skipif(not callgrind.is_at_hand(), reason="callgrind counts the instructions")
@pytest.mark.parametrize("shape", SHAPES)
def test_plan_of_event_costs_less_than_its_decoding(shape: str) -> None:
    plan, floor = (instructions_of_200_events(ROUTES[0], what, shape) for what in ("plan", "floor"))
    assert 0 < plan < floor


@pytest.mark.skipif(not callgrind.is_at_hand(), reason="callgrind counts the instructions")
def test_plan_of_event_costs_the_same_with_any_map() -> None:
    few, many = (instructions_of_200_events(routes, "plan", TODAY) for routes in ROUTES)
    assert 0 < many <= 1.1 * few
