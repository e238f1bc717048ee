"""The collateral of plans by what they know of the site, compared with the "8 paths, whole folders" algorithm."""

from collections.abc import Iterator
from typing import NamedTuple

from bench.rows import Row
from purgemap.planning import collateral, plan
from support.generated_deploys import Deploy, generated_deploys
from support.oracles.folder_algorithm import whole_folders

MAX_PATHS, MAX_WILDCARDS = 150, 10  # the map's defaults

RIVAL = "8 whole folders"

# The totals' maximum share of the rival's.
BARS = {"with a listing": 0.3, "with folder counts": 0.3, "without a listing": 0.35}


def rows(*, quick: bool = False) -> Iterator[Row]:
    """Yield how many unchanged objects each generated deploy evicts, as a ratio to those that the rival evicts."""
    deploys = generated_deploys()[: 3 if quick else None]
    totals = []
    for planner, bar in BARS.items():
        evicted = [_evicted(deploy, planner) for deploy in deploys]
        for deploy, counts in zip(deploys, evicted, strict=True):
            yield _row(f"a deploy, planned {planner}", deploy, counts)
        ours, rivals = sum(counts.collateral for counts in evicted), sum(counts.rival for counts in evicted)
        section = "all deploys: unchanged objects that are evicted"
        totals.append(Row(section, planner, ours, "objects", _share(ours, rivals), RIVAL, bar=bar))
    yield from totals


class _Evicted(NamedTuple):
    """The size and the collateral of a plan, and the rival's collateral."""

    items: int
    wildcards: int
    collateral: int
    rival: int


def _evicted(deploy: Deploy, planner: str) -> _Evicted:
    """Plan a deploy within the map's own budgets, with the knowledge of a planner."""
    site = deploy.listing()
    plans = plan(
        deploy.scopes(),
        max_paths=MAX_PATHS,
        max_wildcards=MAX_WILDCARDS,
        listing=site if planner == "with a listing" else None,
        load_counts=deploy.folder_counts if planner == "with folder counts" else None,
    )
    items = [item for request in plans for item in request]
    wildcards = sum(item.endswith("*") for item in items)
    rival = collateral(whole_folders(deploy.viewer_paths()), site)
    return _Evicted(len(items), wildcards, collateral(items, site), rival)


def _row(section: str, deploy: Deploy, counts: _Evicted) -> Row:
    also = {"changed": len(deploy.changed), "wildcards": counts.wildcards, "evicts": counts.collateral}
    also[f"{RIVAL} evict"] = counts.rival
    return Row(section, deploy.name, counts.items, "items", _share(counts.collateral, counts.rival), RIVAL, also=also)


def _share(evicted: int, rival: int) -> float | None:
    return evicted / rival if rival else None
