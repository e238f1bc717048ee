"""Properties of every plan, for any items, scopes, budgets and sites."""

import random
from collections.abc import Mapping, Sequence
from itertools import chain

from hypothesis import given, settings
from hypothesis import strategies as st

from purgemap.jobs import Job
from purgemap.planning import BUDGET_LEVELS, Listing, Request, collateral, plan, plan_job, reduced_budget
from support.oracles.cloudfront_rules import why_unusable
from support.oracles.planning import (
    Evicts,
    Outcome,
    best_of_all,
    covers,
    estimate_evicted,
    is_allowed,
    pruned,
    uncovered,
)
from support.planning_strategies import BUDGETS, OBJECTS, PATHS, scoped_items

Scopes = Mapping[str, str | None]
Budget = tuple[int, int]
Objects = Sequence[Sequence[str]]


def plan_items(scopes: Scopes, budget: Budget, objects: Objects | None = None) -> list[Request]:
    listing = None if objects is None else Listing(objects)
    return plan(scopes, max_paths=budget[0], max_wildcards=budget[1], listing=listing)


def all_items(plans: Sequence[Request]) -> list[str]:
    return list(chain.from_iterable(plans))


def list_wildcards(items: Sequence[str]) -> list[str]:
    return [item for item in items if item.startswith("/") and item.endswith("*")]


def eviction_counter(objects: Objects) -> Evicts:
    return lambda stem, _: sum(any(spelling.startswith(stem) for spelling in spellings) for spellings in objects)


def outcome(plans: Sequence[Request], scopes: Scopes, evicts: Evicts) -> Outcome:
    items, items_to_cover = all_items(plans), pruned(scopes)
    stems = [item[:-1] for item in list_wildcards(items)]
    evicted = sum(
        evicts(stem, 1 if f"{stem}*" in items_to_cover else sum(covers(f"{stem}*", item) for item in items_to_cover))
        for stem in stems
    )
    return Outcome(len(plans) or 1, evicted, len(items), len(stems))


@settings(max_examples=10 * settings().max_examples)
@given(scoped_items(), BUDGETS, st.none() | OBJECTS)
def test_plan_equals_the_best_of_all_sets_of_wildcards(scopes: Scopes, budget: Budget, objects: Objects | None) -> None:
    evicts = estimate_evicted if objects is None else eviction_counter(objects)
    best = best_of_all(scopes, max_paths=budget[0], max_wildcards=budget[1], evicts=evicts)
    assert outcome(plan_items(scopes, budget, objects), scopes, evicts) == best


@settings(max_examples=3 * settings().max_examples)
@given(scoped_items(max_size=40), BUDGETS, st.none() | OBJECTS)
def test_plan_covers_every_item_within_the_budgets(scopes: Scopes, budget: Budget, objects: Objects | None) -> None:
    plans = plan_items(scopes, budget, objects)
    items = all_items(plans)
    assert uncovered(scopes, items) == []
    assert len(items) == len(set(items))
    for request in plans:
        assert request == tuple(sorted(request))
        assert 0 < len(request) <= budget[0]
        assert len(list_wildcards(request)) <= min(budget)


@settings(max_examples=3 * settings().max_examples)
@given(scoped_items(max_size=40), BUDGETS, st.none() | OBJECTS)
def test_plan_keeps_wildcards_in_scopes_at_characters(scopes: Scopes, budget: Budget, objects: Objects | None) -> None:
    items_to_cover = pruned(scopes)
    for item in all_items(plan_items(scopes, budget, objects)):
        assert why_unusable(item) in {"", "no cache tag"}
        if item not in scopes:
            assert is_allowed(item[:-1], items_to_cover, scopes)


@settings(max_examples=2 * settings().max_examples)
@given(scoped_items(max_size=40), BUDGETS, st.none() | OBJECTS, st.randoms(use_true_random=False))
def test_plan_does_not_depend_on_order(
    scopes: Scopes, budget: Budget, objects: Objects | None, order: random.Random
) -> None:
    shuffled = dict(order.sample(sorted(scopes.items()), len(scopes)))
    listed = (
        None if objects is None else order.sample([order.sample(each, len(each)) for each in objects], len(objects))
    )
    assert plan_items(shuffled, budget, listed) == plan_items(scopes, budget, objects)


@settings(max_examples=2 * settings().max_examples)
@given(scoped_items(max_size=20), scoped_items(max_size=5), BUDGETS)
def test_plan_of_more_changes_uncovers_no_item(scopes: Scopes, more: Scopes, budget: Budget) -> None:
    assert uncovered(scopes, all_items(plan_items({**scopes, **more}, budget))) == []


@settings(max_examples=2 * settings().max_examples)
@given(scoped_items(max_size=40), st.integers(0, 9), st.none() | OBJECTS)
def test_plan_covers_every_item_at_each_budget_level(
    scopes: Scopes, budget_level: int, objects: Objects | None
) -> None:
    budget = reduced_budget(*BUDGET_LEVELS[0], budget_level)
    plans = plan_items(scopes, budget, objects)
    assert uncovered(scopes, all_items(plans)) == []
    assert all(len(request) <= budget[0] and len(list_wildcards(request)) <= budget[1] for request in plans)


@settings(max_examples=2 * settings().max_examples)
@given(scoped_items(max_size=10), BUDGETS, st.integers(0, 5))
def test_plan_job_sends_few_items_as_they_are(scopes: Scopes, budget: Budget, budget_level: int) -> None:
    job = Job("E1EXAMPLE", scopes, sources=(), oldest_event_time=0, changes=1)._replace(budget_level=budget_level)
    paths, wildcards = BUDGET_LEVELS[0]
    assert sorted(all_items(plan_job(job, paths, wildcards))) == pruned(scopes)
    max_paths, max_wildcards = reduced_budget(*budget, budget_level)
    for request in plan_job(job, *budget):
        assert request == tuple(sorted(request))
        assert 0 < len(request) <= max_paths
        assert len(list_wildcards(request)) <= max_wildcards


@settings(max_examples=3 * settings().max_examples)
@given(OBJECTS, st.lists(PATHS, max_size=4))
def test_listing_counts_each_object_once(objects: Objects, stems: Sequence[str]) -> None:
    listing = Listing(objects)
    for stem in stems:
        assert listing.collateral(stem) == eviction_counter(objects)(stem, 0)
    evicted = [any(spelling.startswith(tuple(stems)) for spelling in spellings) for spellings in objects]
    assert collateral([*(f"{stem}*" for stem in stems), "/a", "#tag"], listing) == sum(evicted)
