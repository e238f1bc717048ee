"""What plans evict for nothing, with and without a listing, beside the "8 paths, whole folders" algorithm."""

from collections.abc import Callable, Iterator

from bench.rows import Row
from folder_algorithm import whole_folders
from generated_deploys import Deploy, generated_deploys
from purgemap.planning import Listing, collateral, plan

MAX_PATHS, MAX_WILDCARDS = 150, 10  # the map's defaults

RIVAL = "8 whole folders"

# What the totals may be of the rival's, at most.
BARS = {"with a listing": 0.3, "without a listing": 0.35}


def _planned(deploy: Deploy, listing: Listing | None) -> list[str]:
    """Plan a deploy within the map's own budgets."""
    plans = plan(deploy.scopes(), max_paths=MAX_PATHS, max_wildcards=MAX_WILDCARDS, listing=listing)
    return [item for each in plans for item in each.items]


_PLANNERS: dict[str, Callable[[Deploy, Listing], list[str]]] = {
    "with a listing": _planned,
    "without a listing": lambda deploy, _: _planned(deploy, None),
    RIVAL: lambda deploy, _: whole_folders(deploy.viewer_paths()),
}


def rows(*, quick: bool = False) -> Iterator[Row]:
    """Yield, for each way to plan, what each generated deploy evicts that did not change.

    Counted, never timed; the ratio is of the objects that the rival evicts.
    """
    deploys = generated_deploys()[: 3 if quick else None]
    sites = [deploy.listing() for deploy in deploys]
    rivals = [
        collateral(whole_folders(deploy.viewer_paths()), site) for deploy, site in zip(deploys, sites, strict=True)
    ]
    for planner, items_of in _PLANNERS.items():
        section = f"{planner}: changed → evicted, wildcards; items sent"
        every = [items_of(deploy, site) for deploy, site in zip(deploys, sites, strict=True)]
        evicted = [collateral(items, site) for items, site in zip(every, sites, strict=True)]
        for deploy, items, ours, rival in zip(deploys, every, evicted, rivals, strict=True):
            wildcards = sum(item.endswith("*") for item in items)
            name = f"{deploy.name}: {len(deploy.changed)} → {ours:,}, {wildcards}"
            yield Row(section, name, len(items), "items", _share(ours, rival), RIVAL)
        name, sent = f"all deploys, {planner}: evicted {sum(evicted):,}", sum(map(len, every))
        yield Row(section, name, sent, "items", _share(sum(evicted), sum(rivals)), RIVAL, bar=BARS.get(planner))


def _share(evicted: int, rival: int) -> float | None:
    return evicted / rival if rival else None
