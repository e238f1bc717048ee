"""Plans of whole deploys, compared with the best possible ones and with the best known public algorithm."""

import pytest

from purgemap.planning import Listing, collateral, plan
from support.generated_deploys import Deploy, drawn_deploys, generated_deploys
from support.oracles.folder_algorithm import whole_folders
from support.oracles.planning import best_on_tree, covers, estimate_evicted, pruned, uncovered

DEPLOYS = generated_deploys()
every_deploy = pytest.mark.parametrize("deploy", DEPLOYS, ids=[deploy.name for deploy in DEPLOYS])


KNOWLEDGE = ["nothing", "counts", "listing"]
with_any_knowledge = pytest.mark.parametrize("knowledge", KNOWLEDGE)


def count_evicted(deploy: Deploy, site: Listing, *, knowledge: str, budget: tuple[int, int]) -> int:
    plans = plan(
        deploy.scopes(),
        max_paths=budget[0],
        max_wildcards=budget[1],
        listing=site if knowledge == "listing" else None,
        load_counts=deploy.folder_counts if knowledge == "counts" else None,
    )
    items = [item for request in plans for item in request]
    assert uncovered(deploy.scopes(), items) == []
    return collateral(items, site)


@pytest.mark.parametrize("budget", [(8, 8), (150, 10)], ids=["8", "150"])
@every_deploy
def test_plan_with_listing_evicts_2_percent_above_best_at_most(deploy: Deploy, budget: tuple[int, int]) -> None:
    site = deploy.listing()
    best = best_on_tree(
        deploy.scopes(), max_paths=budget[0], max_wildcards=budget[1], evicts=lambda stem, _: site.collateral(stem)
    )
    assert count_evicted(deploy, site, knowledge="listing", budget=budget) <= 1.02 * best.evicted


@pytest.mark.parametrize("budget", [(8, 8), (75, 5), (150, 10)], ids=["8", "75", "150"])
@every_deploy
def test_plan_without_listing_is_2_percent_above_best_at_most(deploy: Deploy, budget: tuple[int, int]) -> None:
    max_paths, max_wildcards = budget
    items = pruned(deploy.scopes())
    best = best_on_tree(items, max_paths=max_paths, max_wildcards=max_wildcards, evicts=estimate_evicted)
    (request,) = plan(deploy.scopes(), max_paths=max_paths, max_wildcards=max_wildcards)
    wildcards = (item for item in request if item.endswith("*"))
    estimates = (estimate_evicted(item[:-1], sum(covers(item, path) for path in items)) for item in wildcards)
    assert sum(estimates) <= 1.02 * best.evicted


@with_any_knowledge
@every_deploy
def test_plan_evicts_no_more_than_whole_folders(deploy: Deploy, knowledge: str) -> None:
    site = deploy.listing()
    rival = collateral(whole_folders(deploy.viewer_paths()), site)
    assert count_evicted(deploy, site, knowledge=knowledge, budget=(150, 10)) <= rival


@with_any_knowledge
def test_plan_of_a_small_deploy_evicts_no_more_than_folders(knowledge: str) -> None:
    failures = []
    for deploy in drawn_deploys(seed=1, count=300):
        site = deploy.listing()
        rival = collateral(whole_folders(deploy.viewer_paths()), site)
        evicted = count_evicted(deploy, site, knowledge=knowledge, budget=(150, 10))
        failures += [(deploy.name, evicted, rival)] if evicted > rival else []
    assert failures == []


def test_plan_of_eight_items_evicts_no_more_than_folders() -> None:
    for deploy in drawn_deploys(seed=2, count=200):
        site = deploy.listing()
        rival = collateral(whole_folders(deploy.scopes()), site)
        assert count_evicted(deploy, site, knowledge="listing", budget=(8, 8)) <= rival


@pytest.mark.parametrize(("knowledge", "share"), [("nothing", 0.35), ("counts", 0.3), ("listing", 0.3)], ids=KNOWLEDGE)
def test_plans_together_evict_a_third_of_whole_folders(knowledge: str, share: float) -> None:
    evicted = rivals = 0
    for deploy in DEPLOYS:
        site = deploy.listing()
        evicted += count_evicted(deploy, site, knowledge=knowledge, budget=(150, 10))
        rivals += collateral(whole_folders(deploy.viewer_paths()), site)
    assert evicted <= share * rivals
