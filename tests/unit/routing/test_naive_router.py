"""Tests that the router agrees with the oracle, which tries every route for every change."""

from hypothesis import given, settings
from hypothesis import strategies as st

from purgemap.routing import Router, Skip, Target
from support.oracles.naive_router import Delivered, Everything, try_everything
from support.random_maps import RandomMap


def delivered(target: Target, key: str) -> Delivered:
    captures = tuple(sorted(target.captures.items()))
    return Delivered(
        target.route, target.bucket, key, target.distribution.id, target.matched_prefix, target.origin_path, captures
    )


RANDOM_MAPS = st.integers(0, 2**32).map(RandomMap)


@settings(max_examples=3 * settings().max_examples)
@given(RANDOM_MAPS)
def test_router_agrees_with_trying_every_route(random_map: RandomMap) -> None:
    route_map, changes = random_map.route_map(), random_map.changes()
    routed = Router(route_map).route(changes)
    assert try_everything(route_map, changes) == Everything(
        {delivered(target, key) for target, keys in routed.keys_by_target.items() for key in keys},
        {(change.bucket, change.key, change.event) for change in routed.unrouted},
        {(skip.route, skip.distribution) for skip in routed.unknown_names},
    )


@given(RANDOM_MAPS)
def test_bucket_router_decides_keys_as_it_routes_them(random_map: RandomMap) -> None:
    route_map, changes = random_map.route_map(), random_map.changes()
    router, everything = Router(route_map), try_everything(route_map, changes)
    decisions = [
        (change.key, decision)
        for change in changes
        for decision in router.bucket(change.bucket).decide(change.key, change.event)
    ]
    targets = [(key, decision) for key, decision in decisions if isinstance(decision, Target)]
    assert everything.delivered == {delivered(target, key) for key, target in targets}
    skipped = [decision for _, decision in decisions if isinstance(decision, Skip) and decision.unknown_name]
    assert everything.unknown_names == {(skip.route, skip.distribution) for skip in skipped}
