"""Items of one distribution, with their scopes → plans, each within the budgets, together covering every item."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import filterfalse, islice
from typing import NamedTuple

from purgemap.planning.candidates import Candidates
from purgemap.planning.cover import is_wildcard, outermost, parted, uncovered
from purgemap.planning.listing import Listing
from purgemap.planning.requests import requests_needed
from purgemap.planning.search import cheapest_stems


class Plan(NamedTuple):
    """What one invalidation of one distribution will say."""

    items: tuple[str, ...]  # sorted, unique


def plan(
    scopes: Mapping[str, str | None], *, max_paths: int, max_wildcards: int, listing: Listing | None = None
) -> tuple[Plan, ...]:
    """Return the fewest plans that cover all items within both budgets, and of those the ones that evict least.

    `scopes` gives each wanted item (an encoded viewer path, a wildcard, a `#tag`) the prefix above which no wildcard
    that the planner makes for it may rise; None keeps it as it is. What fits the budgets is sent as it is; else the
    least collateral decides, then fewer paths, fewer wildcards, longer prefixes. A listing counts the collateral,
    without one it is guessed.
    """
    tags, exact, stems = parted(scopes)
    max_wildcards = min(max_wildcards, max_paths)
    paths = len(tags) + len(exact) + len(stems)
    if paths > max_paths or len(stems) > max_wildcards:
        items = sorted([*exact, *_wildcards(stems)]) if stems else exact
        candidates = Candidates(items, scopes, asked=stems, listing=listing)
        requests, widest = requests_needed(
            candidates, max_paths=max_paths, max_wildcards=max_wildcards, paths=paths, wildcards=len(stems)
        )
        cheapest = cheapest_stems(
            candidates,
            surplus=max(0, paths - requests * max_paths),
            max_wildcards=requests * max_wildcards,
        )
        stems = outermost([*stems, *(widest if cheapest is None else cheapest)])
        exact = uncovered(exact, stems)
    return tuple(_requests([*tags, *exact, *_wildcards(stems)], max_paths, max_wildcards))


def _wildcards(stems: Iterable[str]) -> Iterator[str]:
    return (f"{stem}*" for stem in stems)


def _requests(items: Sequence[str], max_paths: int, max_wildcards: int) -> Iterator[Plan]:
    """Deal the items out: as many wildcards as fit into each plan, then paths."""
    wildcards = filter(is_wildcard, items)
    others = filterfalse(is_wildcard, items)
    while True:
        dealt = [*islice(wildcards, max_wildcards)]
        dealt += islice(others, max_paths - len(dealt))
        if not dealt:
            return
        yield Plan(tuple(sorted(dealt)))
