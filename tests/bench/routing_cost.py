"""What an event costs from payload to plan with ten routes and with ten thousand: instructions, counted by callgrind.

Instructions don't depend on what else the machine does, so the ratio is the same from run to run. What it takes to
start and to load the map is left out by counting a run of few events and one of many.
"""

from collections.abc import Iterator
from functools import lru_cache

from bench import callgrind, subjects
from bench.rows import Row

SECTION = "a full batch: instructions for each event"
FEW, MANY = 200, 2_200
ROUTES = (10, 10_000)

_PROGRAM = """
import json, sys
from bench.workload import body_of, record_of
from purgemap.events import parse_payload
from purgemap.pipeline import want
from purgemap.routes.loading import load_routes
from purgemap.routing import Router
events, what = int(sys.argv[1]), sys.argv[2]
router = Router(load_routes("routes.json"))
records = [record_of(n, body_of(n, buckets=10)) for n in range(events)]
if what == "floor":
    for record in records:
        json.loads(record["body"])
elif what == "plan":
    wanted = want(parse_payload({"Records": records}).changes, router, 2e9)
    assert sum(order.job.changes for order in wanted.orders) == events
"""


def rows(*, quick: bool = False) -> Iterator[Row]:
    """Count, where valgrind is; nothing when it has to be quick: valgrind runs a program fifty times as long."""
    if quick or not callgrind.is_at_hand():
        return
    floor = _per_event(ROUTES[0], "floor")
    few, many = (_per_event(routes, "plan") for routes in ROUTES)
    name = "json.loads of the bodies"
    yield Row(SECTION, name, floor, "instr.", 1.0, name)
    yield Row(SECTION, f"to the plan, {ROUTES[0]:,} routes", few, "instr.", few / floor, name, bar=1.3, moonshot=0.75)
    yield Row(SECTION, f"to the plan, {ROUTES[1]:,} routes", many, "instr.", many / floor, name, bar=1.3, moonshot=0.75)
    growth = f"{ROUTES[1]:,} routes beside {ROUTES[0]}"
    yield Row(SECTION, growth, many - few, "instr. more", many / few, f"{ROUTES[0]} routes", bar=1.1)


def _per_event(routes: int, what: str) -> float:
    """Count the instructions that one event more takes, but for the making of its record."""
    return (_growth(routes, what) - _growth(routes, "nothing")) / (MANY - FEW)


@lru_cache
def _growth(routes: int, what: str) -> int:
    return instructions(routes, MANY, what) - instructions(routes, FEW, what)


def instructions(routes: int, events: int, what: str) -> int:
    """Count the instructions of one whole process."""
    return callgrind.instructions(_PROGRAM, subjects.function(routes), str(events), what)
