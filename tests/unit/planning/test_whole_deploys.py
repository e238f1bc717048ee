"""Plans of whole deploys, beside the best that there is and beside the best known public algorithm."""

import pytest

from purgemap.planning import Listing, collateral, plan
from support.generated_deploys import Deploy, drawn_deploys, generated_deploys
from support.oracles.folder_algorithm import whole_folders
from support.oracles.planning import best_on_tree, uncovered

DEPLOYS = generated_deploys()
every_deploy = pytest.mark.parametrize("deploy", DEPLOYS, ids=[deploy.name for deploy in DEPLOYS])


def evicted(deploy: Deploy, site: Listing, *, known: Listing | None, budget: tuple[int, int]) -> int:
    plans = plan(deploy.scopes(), max_paths=budget[0], max_wildcards=budget[1], listing=known)
    items = [item for request in plans for item in request]
    assert uncovered(deploy.scopes(), items) == []
    return collateral(items, site)


@pytest.mark.parametrize("budget", [(8, 8), (150, 10)], ids=["8", "150"])
@every_deploy
def test_with_a_listing_no_plan_evicts_two_percent_more_than_the_best(deploy: Deploy, budget: tuple[int, int]) -> None:
    site = deploy.listing()
    best = best_on_tree(
        deploy.scopes(), max_paths=budget[0], max_wildcards=budget[1], evicts=lambda stem, _: site.collateral(stem)
    )
    assert evicted(deploy, site, known=site, budget=budget) <= 1.02 * best.evicted


@pytest.mark.parametrize("is_listed", [True, False], ids=["listed", "unlisted"])
@every_deploy
def test_no_plan_evicts_more_than_whole_folders(deploy: Deploy, *, is_listed: bool) -> None:
    site = deploy.listing()
    rival = collateral(whole_folders(deploy.viewer_paths()), site)
    assert evicted(deploy, site, known=site if is_listed else None, budget=(150, 10)) <= rival


@pytest.mark.parametrize("is_listed", [True, False], ids=["listed", "unlisted"])
def test_no_plan_of_three_hundred_small_deploys_evicts_more_than_whole_folders(*, is_listed: bool) -> None:
    worse = []
    for deploy in drawn_deploys(seed=1, count=300):
        site = deploy.listing()
        rival = collateral(whole_folders(deploy.viewer_paths()), site)
        ours = evicted(deploy, site, known=site if is_listed else None, budget=(150, 10))
        worse += [(deploy.name, ours, rival)] if ours > rival else []
    assert worse == []


def test_within_eight_items_and_a_listing_no_plan_evicts_more_than_whole_folders_of_the_same_items() -> None:
    for deploy in drawn_deploys(seed=2, count=200):
        site = deploy.listing()
        rival = collateral(whole_folders(deploy.scopes()), site)
        assert evicted(deploy, site, known=site, budget=(8, 8)) <= rival


@pytest.mark.parametrize(("is_listed", "share"), [(True, 0.3), (False, 0.35)], ids=["listed", "unlisted"])
def test_all_together_evict_a_third_of_what_whole_folders_do(*, is_listed: bool, share: float) -> None:
    ours = rivals = 0
    for deploy in DEPLOYS:
        site = deploy.listing()
        ours += evicted(deploy, site, known=site if is_listed else None, budget=(150, 10))
        rivals += collateral(whole_folders(deploy.viewer_paths()), site)
    assert ours <= share * rivals
