"""`purgemap invalidate --site`: its items cover every object of the sites that it selects, and of no others."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import LoadMap
from purgemap.deployment.rollout.whole_sites import SiteSelection, whole_site_jobs
from purgemap.errors import PurgemapError
from purgemap.events import ObjectChange
from purgemap.paths import build_jobs
from purgemap.planning import drop_covered, partition_items
from purgemap.routemap.compiled import RouteMap
from purgemap.routing import Router
from support.ids import E1, E2, E3
from support.random_maps import RandomMap

MAP = f"""
version: 1
distributions:
  www: {{id: {E1}}}
  shop: {{id: {E2}}}
  site-a: {{id: {E3}}}
  x-y: {{id: E4EXAMPLE4ABCD}}
routes:
  - {{bucket: acme, distributions: [www]}}
  - {{bucket: acme, prefix: shop/, distributions: [shop], clean_urls: true}}
  - {{bucket: acme, prefix: "sites/{{site}}/", distributions: ["site-{{site}}"], origin_path: "/sites/{{site}}"}}
  - {{bucket: other, prefix: "{{kind}}/docs/", distributions: [shop]}}
  - {{bucket: two, prefix: "{{p}}/{{q}}/", distributions: ["{{p}}-{{q}}"]}}
  - {{bucket: "{{team}}-site", prefix: v/, distributions: ["site-{{team}}"]}}
"""


def items(route_map: RouteMap, *sites: str) -> dict[str, list[str]]:
    selections = [SiteSelection(*site.split("/", 1)) for site in sites]
    pending = whole_site_jobs(route_map, selections, "source", 0).pending
    return {each.distribution.id: sorted(each.job.scopes) for each in pending}


@pytest.mark.parametrize(
    ("site", "expected"),
    [
        ("acme/", {E1: ["/", "/*"], E2: ["/shop", "/shop/", "/shop/*"], E3: ["/", "/*"]}),
        ("acme/shop/", {E1: ["/shop/", "/shop/*"], E2: ["/shop", "/shop/", "/shop/*"]}),
        ("acme/shop/a", {E1: ["/shop/a", "/shop/a*"], E2: ["/shop/a", "/shop/a*"]}),
        ("acme/docs/", {E1: ["/docs/", "/docs/*"]}),
        ("acme/sites/a/", {E1: ["/sites/a/", "/sites/a/*"], E3: ["/", "/*"]}),
        ("acme/sites/a/v 2/", {E1: [""], E3: ["/v%202/", "/v%202/*", "/v+2/", "/v+2/*"]}),
        ("acme/sites/", {E1: ["/sites/", "/sites/*"], E3: ["/", "/*"]}),
        ("other/", {E2: ["/", "/*"]}),
        ("other/x/docs/", {E2: ["/x/docs/", "/x/docs/*"]}),
        ("two/x/y/", {"E4EXAMPLE4ABCD": ["/x/y/", "/x/y/*"]}),
        ("a-site/", {E3: ["/v/", "/v/*"]}),
    ],
)
def test_site_covers_its_part_of_each_distribution(
    map_from_yaml: LoadMap, site: str, expected: dict[str, list[str]]
) -> None:
    found = items(map_from_yaml(MAP), site)
    assert found.keys() == expected.keys()
    assert {id_: each for id_, each in found.items() if expected[id_][0]} == {
        id_: each for id_, each in expected.items() if each[0]
    }


@pytest.mark.parametrize(
    ("site", "reason"),
    [
        ("missing/", "missing: no route matches it; name a bucket and prefix of the map"),
        ("b-site/", "b-site: no route matches it"),
        (
            "other/x/",
            "other/x/: it is unknown which sites of other/{kind}/docs/ (route other/{kind}/docs/) it selects; ",
        ),
        ("two/x/z/", "names 'x-z', which is not under distributions:"),
    ],
)
def test_site_that_is_not_in_the_map_is_an_error(map_from_yaml: LoadMap, site: str, reason: str) -> None:
    with pytest.raises(PurgemapError) as raised:
        items(map_from_yaml(MAP), site)
    assert reason in str(raised.value)


def test_sites_of_one_distribution_are_one_job_without_overlap(map_from_yaml: LoadMap) -> None:
    route_map = map_from_yaml(MAP)
    assert items(route_map, "acme/docs/", "acme/docs/a/", "acme/b/")[E1] == ["/b/", "/b/*", "/docs/", "/docs/*"]


def test_no_selection_is_every_site(map_from_yaml: LoadMap) -> None:
    found = items(map_from_yaml(MAP))
    assert found.keys() == {E1, E2, E3, "E4EXAMPLE4ABCD"}
    assert found[E1] == found[E3] == ["/", "/*"]


@given(st.integers(0, 1 << 32))
def test_site_covers_items_of_every_object_in_it(seed: int) -> None:
    drawn, rng = RandomMap(seed), random.Random(seed)
    route_map, changes = drawn.route_map(), drawn.changes()
    bucket, key = changes[0][:2]
    selection = SiteSelection(bucket, key[: rng.randint(0, len(key))])
    try:
        whole = whole_site_jobs(route_map, [selection], "source", 0).pending
    except PurgemapError as error:
        if "no route matches it" not in str(error):
            return
        whole = []
    sent = {each.distribution.id: set(each.job.scopes) for each in whole}
    selected = [change for change in changes if change.bucket == bucket and change.key.startswith(selection.prefix)]
    for pending in build_jobs(Router(route_map).route(selected), 0).pending:
        _, _, stems = partition_items(sent.get(pending.distribution.id, ()))
        uncovered = drop_covered(sorted(pending.job.scopes), stems)
        assert not set(uncovered) - sent.get(pending.distribution.id, set()), (selection, pending)


def test_objects_of_other_sites_are_not_covered(map_from_yaml: LoadMap) -> None:
    route_map = map_from_yaml(MAP)
    change = ObjectChange("acme", "shop/x", "created", "", "")
    (_, shop) = build_jobs(Router(route_map).route([change]), 0).pending
    assert shop.distribution.id not in items(route_map, "acme/docs/")
