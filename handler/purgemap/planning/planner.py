"""The planner: items of one distribution, with their scopes → requests within the budgets that cover every item.

The objective, in this order:

1. The fewest requests that the scopes allow. They set the money: `max_paths` items for each.
2. Forced wildcards (of the map, or required by a `~`) stay as narrow as they are, if a few extra requests hold them.
   An extra request costs two seconds of an account's call rate; evicting a site costs much more. Nothing else
   justifies an extra request: exact paths cost money, and the planner's own wildcards exist to save it.
3. The least collateral, then fewer paths, fewer wildcards, longer prefixes.

The work is bounded in counted steps. A plan that needs more narrows the widest wildcards greedily.
"""

from collections.abc import Callable, Mapping
from functools import partial
from itertools import islice
from math import ceil

from purgemap.jobs import Job
from purgemap.planning.budgets import Budget, reduced_budget
from purgemap.planning.candidates import Candidates
from purgemap.planning.coverage import drop_covered, drop_nested, is_wildcard, partition_items
from purgemap.planning.folder_counts import CountedSite, FolderCounts
from purgemap.planning.listing import Listing
from purgemap.planning.narrowing import narrowed_stems
from purgemap.planning.requests import widest_plan
from purgemap.planning.search import STEPS_PER_BRANCH, Steps, cheapest_stems

# Two extra requests delay a plan's calls by four seconds. Refusals reduce the budget to one wildcard a request. The 15
# wildcards of the largest request that a map allows are still sent as they are then, and each call makes progress.
_EXTRA_REQUESTS = 2
_EXTRA_WILDCARDS = 14

# Steps of the exact search, and of the narrowing after it. Plans of real deploys take up to 54,000. Plans of several
# requests have so many wildcards to place that only small ones end early.
_STEPS = (1 << 16, 1 << 13)
_STEPS_OF_SEVERAL_REQUESTS = (1 << 9, 1 << 10)

# Narrowing this many wildcards takes as long as the rest of the plan. More are sent as they are.
_MAX_NARROWED = 192


Request = tuple[str, ...]
"""The items of one CreateInvalidation call, sorted."""


def plan_job(
    job: Job,
    max_paths: int,
    max_wildcards: int,
    *,
    listing_of: Callable[[Job], Listing | None] | None = None,
    counts_of: Callable[[str], FolderCounts] | None = None,
) -> list[Request]:
    """Return requests that cover all items of a job, each within the budgets of its budget level.

    `listing_of` returns the unchanged objects of a job's distribution, None if they are not known. Then `counts_of`
    returns the distribution's folder counts. Both are called only if wildcards must be chosen.
    """
    scopes, paths, wildcards = job.scopes, max_paths, max_wildcards
    if job.budget_level:
        paths, wildcards = reduced_budget(max_paths, max_wildcards, job.budget_level)
    # Items without a `*` do not cover each other, nor does a single item: nearly every event ends here.
    if len(scopes) == 1 or (0 < len(scopes) <= paths and "*" not in "".join(scopes)):
        return [tuple(sorted(scopes))]
    if len(scopes) <= max_paths and sum(map(is_wildcard, scopes)) <= max_wildcards:
        # Never evict a site for a few edits: after a failure they are sent as several smaller requests.
        tags, exact, stems = partition_items(scopes)
        return _fill_requests(stems, [*tags, *exact], Budget(paths, min(wildcards, paths)))
    load_counts = partial(counts_of, job.distribution) if counts_of else None
    load_listing = partial(listing_of, job) if listing_of else None
    return plan(
        scopes,
        max_paths=paths,
        max_wildcards=wildcards,
        load_counts=load_counts,
        load_listing=load_listing,
    )


def plan(  # noqa: PLR0913  the ways to know a site's objects
    scopes: Mapping[str, str | None],
    *,
    max_paths: int,
    max_wildcards: int,
    listing: Listing | None = None,
    load_counts: Callable[[], FolderCounts] | None = None,
    load_listing: Callable[[], Listing | None] | None = None,
) -> list[Request]:
    """Return requests, each within both budgets, that cover all items and evict least.

    `scopes` holds the scope of each item: the prefix above which no wildcard of the planner may cover it. An item with
    the scope None is sent as it is, and so are items that fit the budgets. Without a listing collateral is estimated,
    from folder counts if there are any.
    """
    tags, exact, stems = partition_items(scopes)
    budget = Budget(max_paths, min(max_wildcards, max_paths))
    paths = len(tags) + len(exact) + len(stems)
    if paths > budget.paths or len(stems) > budget.wildcards:
        items = sorted([*exact, *(f"{stem}*" for stem in stems)]) if stems else exact
        listing = listing or (load_listing() if load_listing else None)
        counts = load_counts() if load_counts and not listing else None
        site = CountedSite(counts, items) if counts else listing
        candidates = Candidates(items, scopes, forced=stems, listing=site)
        stems = drop_nested([*stems, *_required_stems(candidates, budget, paths, len(stems))])
        exact = drop_covered(exact, stems)
    return _fill_requests(stems, [*tags, *exact], budget)


def _required_stems(candidates: Candidates, budget: Budget, paths: int, forced: int) -> list[str]:
    """Return the stems of the wildcards that the budgets require beside the forced ones."""
    widest = widest_plan(candidates, budget, paths, forced)
    surplus = max(0, paths - widest.requests * budget.paths)
    max_wildcards = _max_wildcards(widest.requests, budget, forced, saves_paths=surplus > 0)
    if not surplus and forced <= max_wildcards:
        return []
    exact_steps, greedy_steps = map(Steps, _STEPS if widest.requests == 1 else _STEPS_OF_SEVERAL_REQUESTS)
    if len(widest.places) * STEPS_PER_BRANCH < exact_steps.left:
        stems = cheapest_stems(candidates, surplus=surplus, max_wildcards=max_wildcards, steps=exact_steps)
        if stems is not None:
            return stems
    if len(widest.places) > _MAX_NARROWED:
        return sorted(place.widest.stem for place in widest.places)
    return narrowed_stems(candidates, widest, max_wildcards, greedy_steps)


def _max_wildcards(requests: int, budget: Budget, forced: int, *, saves_paths: bool) -> int:
    """Return how many wildcards a plan may hold, extra requests for forced ones included."""
    # If paths must be saved, half of the wildcards of the fewest requests are reserved for those that save them.
    reserved = requests * budget.wildcards // 2 if saves_paths else 0
    needed = max(requests, ceil((forced + reserved) / budget.wildcards))
    extra = max(_EXTRA_REQUESTS, ceil(_EXTRA_WILDCARDS / budget.wildcards))
    return min(needed, requests + extra) * budget.wildcards


def _fill_requests(stems: list[str], exact: list[str], budget: Budget) -> list[Request]:
    """Fill each request with as many wildcards as fit, then with exact items."""
    wildcards, others = (f"{stem}*" for stem in stems), iter(exact)
    requests: list[Request] = []
    while True:
        request = [*islice(wildcards, budget.wildcards)]
        request += islice(others, budget.paths - len(request))
        if not request:
            return requests
        requests.append(tuple(sorted(request)))
