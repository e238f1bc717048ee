"""The table of worst daily costs in deploy/README.md, computed by the real planner."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import yaml

from conftest import LoadMap
from purgemap.delivery.backoff import WILDCARD_INTERVAL_SECONDS
from purgemap.delivery.rate_limit import BATCHING_WINDOW_SECONDS
from purgemap.events import ObjectChange
from purgemap.paths import build_jobs
from purgemap.planning import PRICE_PER_PATH_USD, cover_whole_scopes, plan
from purgemap.routemap import RouteMap
from purgemap.routing import Router
from support.documents import read_document

_TABLE = re.compile(r"<!-- worst cases -->\n(?P<table>.*?)<!-- /worst cases -->", re.DOTALL)

DAY = 24 * 3600
WINDOWS, SLOTS = DAY // BATCHING_WINDOW_SECONDS, DAY // WILDCARD_INTERVAL_SECONDS


class Case(NamedTuple):
    """Writes to each distribution, per second, spread over its folders."""

    name: str
    writes: int
    route: Mapping[str, Any] = {}
    folders: int = 1
    distributions: int = 1


CASES = (
    Case("a page a second", 1),
    Case("20 pages a second", 20),
    Case("10 distributions, 15 pages a second each", 15, distributions=10),
    Case("a prefix `sites/{site}/` with 500 sites, 20 pages a second", 20, {"prefix": "sites/{site}/"}, folders=500),
    Case("two literal paths beside 20 pages a second", 20, {"invalidate": ["{path}", "/feed.xml", "/sitemap.xml"]}),
    Case("a tag for each of 20 pages a second", 20, {"invalidate": ["{path}", "#page-{key}"]}),
)


def keys_of(case: Case, count: int) -> Iterator[str]:
    for number in range(count):
        yield f"sites/s{number % case.folders}/page-{number}.html"


def count_paths(case: Case, routes: RouteMap, seconds: int, *, whole: bool) -> int:
    """Count the paths of the changes of some seconds; `whole` covers their whole scopes."""
    changes = [ObjectChange("site", key, "created", "", "") for key in keys_of(case, case.writes * seconds)]
    (pending,) = build_jobs(Router(routes).route(changes), now=0).pending
    scopes = dict.fromkeys(cover_whole_scopes(pending.job.scopes)) if whole else pending.job.scopes
    budgets = pending.distribution
    requests = plan(scopes, max_paths=budgets.max_paths, max_wildcards=budgets.max_wildcards)
    return sum(map(len, requests))


def row_of(case: Case, routes: RouteMap) -> str:
    (distribution,) = routes.distributions_by_id.values()
    remove_route = WINDOWS * count_paths(case, routes, BATCHING_WINDOW_SECONDS, whole=False)
    slot = count_paths(case, routes, WILDCARD_INTERVAL_SECONDS, whole=True)
    ceiling = distribution.max_paths_per_day + SLOTS * slot
    dollars = [case.distributions * PRICE_PER_PATH_USD * paths for paths in (remove_route, min(remove_route, ceiling))]
    return f"| {case.name} | {dollars[0]:,.0f} | {slot} | **{dollars[1]:,.2f}** |\n"


def test_cost_table_has_the_worst_daily_costs(map_from_yaml: LoadMap) -> None:
    rows = []
    for case in CASES:
        route = {"bucket": "site", "prefix": "sites/", "distributions": ["E1EXAMPLE1ABCD"], **case.route}
        rows.append(row_of(case, map_from_yaml(yaml.safe_dump({"version": 1, "routes": [route]}))))
    match = _TABLE.search(read_document("deploy/README.md"))
    assert match
    head = "| written all day | without, $ | paths of a slot | at most, $ |\n| --- | ---: | ---: | ---: |\n"
    assert match["table"] == head + "".join(rows)
