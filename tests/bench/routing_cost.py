"""The instructions of an event from payload to plan, with ten routes and with ten thousand, by callgrind.

Instructions do not depend on other processes, so the ratio is the same from run to run. The difference of a run of
few events and a run of many leaves out the start and the load of the map.
"""

from collections.abc import Iterator
from functools import lru_cache

from bench import callgrind, subjects
from bench.rows import Row

SECTION = "a full batch: instructions for each event"
FEW, MANY = 200, 2_200
ROUTES = (10, 10_000)
TODAY, BEFORE_2026 = SHAPES = ("today", "before 2026")

_PROGRAM = """
import json, sys
from bench.workload import body_of, record_of
from purgemap.events import parse_payload
from purgemap.paths import build_jobs

from purgemap.routemap.load import load_map
from purgemap.routing.router import Router
events, what, is_before_2026 = int(sys.argv[1]), sys.argv[2], sys.argv[3] == "before 2026"
router = Router(load_map("routes.json"))
records = [record_of(n, body_of(n, buckets=10, is_before_2026=is_before_2026)) for n in range(events)]
if what == "floor":
    for record in records:
        json.loads(record["body"])
elif what == "plan":
    batch_jobs = build_jobs(router.route(parse_payload({"Records": records}).changes), 2e9)
    assert sum(pending.job.changes for pending in batch_jobs.pending) == events
"""


def rows(*, quick: bool = False) -> Iterator[Row]:
    """Count, where valgrind is; nothing when it has to be quick: valgrind runs a program fifty times as long."""
    if quick or not callgrind.is_at_hand():
        return
    floor = _per_event(ROUTES[0], "floor")
    few, many = (_per_event(routes, "plan") for routes in ROUTES)
    name = "json.loads of the bodies"
    yield Row(SECTION, name, floor, "instr.", 1.0, name)
    yield _row(f"to the plan, {ROUTES[0]:,} routes", few, floor)
    yield _row(f"to the plan, {ROUTES[1]:,} routes", many, floor)
    floor, plan = (_per_event(ROUTES[0], what, BEFORE_2026) for what in ("floor", "plan"))
    yield _row(f"to the plan, {ROUTES[0]:,} routes, events of before mid-2026", plan, floor)
    growth = f"{ROUTES[1]:,} routes beside {ROUTES[0]}"
    yield Row(SECTION, growth, many - few, "instr. more", many / few, f"{ROUTES[0]} routes", bar=1.1)


def _row(name: str, count: float, floor: float) -> Row:
    return Row(SECTION, name, count, "instr.", count / floor, "json.loads of the bodies", bar=1.3, moonshot=0.75)


def _per_event(routes: int, what: str, shape: str = TODAY) -> float:
    """Count the instructions that one event more takes, but for the making of its record."""
    return (_growth(routes, what, shape) - _growth(routes, "nothing", shape)) / (MANY - FEW)


@lru_cache
def _growth(routes: int, what: str, shape: str) -> int:
    return instructions(routes, MANY, what, shape) - instructions(routes, FEW, what, shape)


def instructions(routes: int, events: int, what: str, shape: str = TODAY) -> int:
    """Count the instructions of one whole process."""
    return callgrind.instructions(_PROGRAM, subjects.function(routes), str(events), what, shape)
