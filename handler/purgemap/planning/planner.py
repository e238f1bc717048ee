"""Items of one distribution, with their scopes → plans, each within the budgets, together covering every item.

The objective, in this order:

1. The fewest requests that the scopes allow set the money: `max_paths` items for each.
2. An extra request costs two seconds of an account's call rate, an evicted site costs much more. So wildcards that the
   map or a `~` forces are never made wider while a few extra requests hold them. Nothing else justifies an extra
   request: exact paths cost money, and the planner's own wildcards are there to save it.
3. Within that: the least collateral, then fewer paths, fewer wildcards, longer prefixes.

The work is bounded in counted steps. A plan that needs more gets its wildcards from the widest ones, narrowed greedily.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from math import ceil

from purgemap.planning.candidates import Candidates
from purgemap.planning.coverage import drop_covered, drop_nested, partition_items
from purgemap.planning.listing import Listing
from purgemap.planning.narrowing import narrowed_stems
from purgemap.planning.requests import Budget, widest_plan
from purgemap.planning.search import cheapest_stems
from purgemap.planning.steps import STEPS_A_BRANCH, Steps

# Two extra requests make a plan wait four seconds longer for its calls. Refusals tighten the budgets (rungs.py) to one
# wildcard a request: the 15 of the largest request that a map allows still are sent as they are, each call making
# progress.
_EXTRA_REQUESTS = 2
_EXTRA_WILDCARDS = 14

# Steps of the exact search, and of narrowing where that is given up. Plans of real deploys take up to 54,000. Several
# requests have so many wildcards to deal out that only small plans end early.
_STEPS = (1 << 16, 1 << 13)
_STEPS_OF_SEVERAL_REQUESTS = (1 << 9, 1 << 10)

# Narrowing so many wildcards takes as long as the rest of the plan: beyond, the widest ones go.
_MAX_NARROWED = 192


def plan(
    scopes: Mapping[str, str | None], *, max_paths: int, max_wildcards: int, listing: Listing | None = None
) -> tuple[tuple[str, ...], ...]:
    """Return the plans that cover all items, each within both budgets, and evict least.

    `scopes` gives each wanted item (an encoded viewer path, a wildcard, a `#tag`) the prefix above which no wildcard
    that the planner makes for it may rise; None keeps it as it is. What fits the budgets is sent as it is. A listing
    counts the collateral, without one it is guessed.
    """
    tags, exact, stems = partition_items(scopes)
    budget = Budget(max_paths, min(max_wildcards, max_paths))
    paths = len(tags) + len(exact) + len(stems)
    if paths > budget.paths or len(stems) > budget.wildcards:
        items = sorted([*exact, *_wildcards(stems)]) if stems else exact
        candidates = Candidates(items, scopes, forced=stems, listing=listing)
        stems = drop_nested([*stems, *_stems_needed(candidates, budget, paths, len(stems))])
        exact = drop_covered(exact, stems)
    return tuple(_requests(_wildcards(stems), [*tags, *exact], budget))


def split_items(scopes: Mapping[str, str | None], *, max_paths: int, max_wildcards: int) -> tuple[tuple[str, ...], ...]:
    """Return plans that send all items as they are, each within both budgets."""
    tags, exact, stems = partition_items(scopes)
    return tuple(_requests(_wildcards(stems), [*tags, *exact], Budget(max_paths, min(max_wildcards, max_paths))))


def _stems_needed(candidates: Candidates, budget: Budget, paths: int, forced: int) -> list[str]:
    """Return the stems of the wildcards that the budgets require beside the forced ones."""
    widest = widest_plan(candidates, budget, paths, forced)
    surplus = max(0, paths - widest.requests * budget.paths)
    max_wildcards = _max_wildcards(widest.requests, budget, forced, saves_paths=surplus > 0)
    if not surplus and forced <= max_wildcards:
        return []
    exact, greedy = map(Steps, _STEPS if widest.requests == 1 else _STEPS_OF_SEVERAL_REQUESTS)
    stems = None
    if len(widest.places) * STEPS_A_BRANCH < exact.left:
        stems = cheapest_stems(candidates, surplus=surplus, max_wildcards=max_wildcards, steps=exact)
    if stems is not None:
        return stems
    if len(widest.places) > _MAX_NARROWED:
        return sorted(place.widest.stem for place in widest.places)
    return narrowed_stems(candidates, widest, max_wildcards, greedy)


def _max_wildcards(requests: int, budget: Budget, forced: int, *, saves_paths: bool) -> int:
    """Return how many wildcards a plan may hold, extra requests for forced ones included.

    Where paths have to be saved, half of the wildcards of the fewest requests are left to those that save them.
    """
    reserved = requests * budget.wildcards // 2 if saves_paths else 0
    needed = max(requests, ceil((forced + reserved) / budget.wildcards))
    extra = max(_EXTRA_REQUESTS, ceil(_EXTRA_WILDCARDS / budget.wildcards))
    return min(needed, requests + extra) * budget.wildcards


def _wildcards(stems: Iterable[str]) -> Iterator[str]:
    return (f"{stem}*" for stem in stems)


def _requests(wildcards: Iterator[str], others: Iterable[str], budget: Budget) -> Iterator[tuple[str, ...]]:
    """Deal the items out: as many wildcards as fit into each plan, then paths."""
    others = iter(others)
    while True:
        dealt = [*islice(wildcards, budget.wildcards)]
        dealt += islice(others, budget.paths - len(dealt))
        if not dealt:
            return
        yield tuple(sorted(dealt))
