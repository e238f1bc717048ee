"""What holds for every plan, whatever the items, their scopes, the budgets and the site."""

import random
from collections.abc import Mapping, Sequence
from itertools import chain

from hypothesis import given, settings
from hypothesis import strategies as st

from purgemap.planning import BUDGET_LEVELS, Listing, Request, collateral, plan, reduced_budget
from support.oracles.cloudfront_rules import why_unusable
from support.oracles.planning import Evicts, Outcome, best_of_all, covers, is_allowed, pruned, uncovered
from support.planning_strategies import BUDGETS, OBJECTS, PATHS, scoped_items

Scopes = Mapping[str, str | None]
Budget = tuple[int, int]
Objects = Sequence[Sequence[str]]


def planned(scopes: Scopes, budget: Budget, objects: Objects | None = None) -> list[Request]:
    listing = None if objects is None else Listing(objects)
    return plan(scopes, max_paths=budget[0], max_wildcards=budget[1], listing=listing)


def sent(plans: Sequence[Request]) -> list[str]:
    return list(chain.from_iterable(plans))


def wildcards(items: Sequence[str]) -> list[str]:
    return [item for item in items if item.startswith("/") and item.endswith("*")]


def pluralize(objects: Objects) -> Evicts:
    return lambda stem, _: sum(any(spelling.startswith(stem) for spelling in spellings) for spellings in objects)


def guessed(stem: str, covered: int) -> int:
    """Follow the planner's guess: as much as it covers, and a third of that with each folder that it lies deeper.

    A wildcard that covers only itself was asked for, and is guessed to evict nothing else.
    """
    return int(covered * 3 ** max(0, 16 - stem.count("/"))) if covered > 1 else 0


def outcome(plans: Sequence[Request], scopes: Scopes, evicts: Evicts) -> Outcome:
    items, wanted = sent(plans), pruned(scopes)
    stems = [item[:-1] for item in wildcards(items)]
    evicted = sum(
        evicts(stem, 1 if f"{stem}*" in wanted else sum(covers(f"{stem}*", item) for item in wanted)) for stem in stems
    )
    return Outcome(len(plans) or 1, evicted, len(items), len(stems))


@settings(max_examples=10 * settings().max_examples)
@given(scoped_items(), BUDGETS, st.none() | OBJECTS)
def test_a_plan_is_as_good_as_the_best_of_all_sets_of_wildcards(
    scopes: Scopes, budget: Budget, objects: Objects | None
) -> None:
    evicts = guessed if objects is None else pluralize(objects)
    best = best_of_all(scopes, max_paths=budget[0], max_wildcards=budget[1], evicts=evicts)
    assert outcome(planned(scopes, budget, objects), scopes, evicts) == best


@settings(max_examples=3 * settings().max_examples)
@given(scoped_items(max_size=40), BUDGETS, st.none() | OBJECTS)
def test_every_item_is_covered_once_and_within_the_budgets(
    scopes: Scopes, budget: Budget, objects: Objects | None
) -> None:
    plans = planned(scopes, budget, objects)
    items = sent(plans)
    assert uncovered(scopes, items) == []
    assert len(items) == len(set(items))
    for request in plans:
        assert request == tuple(sorted(request))
        assert 0 < len(request) <= budget[0]
        assert len(wildcards(request)) <= min(budget)


@settings(max_examples=3 * settings().max_examples)
@given(scoped_items(max_size=40), BUDGETS, st.none() | OBJECTS)
def test_no_wildcard_rises_above_the_scope_that_it_is_made_for_or_cuts_a_character(
    scopes: Scopes, budget: Budget, objects: Objects | None
) -> None:
    wanted = pruned(scopes)
    for item in sent(planned(scopes, budget, objects)):
        assert why_unusable(item) in {"", "no cache tag"}
        if item not in scopes:
            assert is_allowed(item[:-1], wanted, scopes)


@settings(max_examples=2 * settings().max_examples)
@given(scoped_items(max_size=40), BUDGETS, st.none() | OBJECTS, st.randoms(use_true_random=False))
def test_neither_the_order_of_items_nor_that_of_the_listing_changes_a_plan(
    scopes: Scopes, budget: Budget, objects: Objects | None, order: random.Random
) -> None:
    shuffled = dict(order.sample(sorted(scopes.items()), len(scopes)))
    listed = (
        None if objects is None else order.sample([order.sample(each, len(each)) for each in objects], len(objects))
    )
    assert planned(shuffled, budget, listed) == planned(scopes, budget, objects)


@settings(max_examples=2 * settings().max_examples)
@given(scoped_items(max_size=20), scoped_items(max_size=5), BUDGETS)
def test_a_further_change_uncovers_no_other(scopes: Scopes, further: Scopes, budget: Budget) -> None:
    assert uncovered(scopes, sent(planned({**scopes, **further}, budget))) == []


@settings(max_examples=2 * settings().max_examples)
@given(scoped_items(max_size=40), st.integers(0, 9), st.none() | OBJECTS)
def test_tightening_breaks_no_cover(scopes: Scopes, budget_level: int, objects: Objects | None) -> None:
    budget = reduced_budget(*BUDGET_LEVELS[0], budget_level)
    plans = planned(scopes, budget, objects)
    assert uncovered(scopes, sent(plans)) == []
    assert all(len(request) <= budget[0] and len(wildcards(request)) <= budget[1] for request in plans)


@settings(max_examples=3 * settings().max_examples)
@given(OBJECTS, st.lists(PATHS, max_size=4))
def test_a_listing_counts_each_object_once(objects: Objects, stems: Sequence[str]) -> None:
    listing = Listing(objects)
    for stem in stems:
        assert listing.collateral(stem) == pluralize(objects)(stem, 0)
    evicted = [any(spelling.startswith(tuple(stems)) for spelling in spellings) for spellings in objects]
    assert collateral([*(f"{stem}*" for stem in stems), "/a", "#tag"], listing) == sum(evicted)
