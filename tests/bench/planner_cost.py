"""The time and memory of a plan, compared with parsing its events and with the "8 paths, whole folders" algorithm.

Times are ratios of CPU times measured in turn, so that other load affects both. Plans are also counted in instructions.
"""

import gc
import json
import random
import tempfile
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from time import process_time

from bench import callgrind, subjects
from bench.rows import Row, summarize_rounds
from purgemap.events import ObjectChange
from purgemap.operations.preview import preview_jobs
from purgemap.paths import build_jobs
from purgemap.planning import Listing, plan
from purgemap.routemap.compiled import RouteMap
from purgemap.routemap.load import load_map
from purgemap.routing.router import Router
from support.oracles.folder_algorithm import whole_folders

ROUNDS = 15
SIZES = (30_000, 100_000)
BATCH = 540  # changes, with 648 items: four times a request, as a busy batch has

_COUNTED = """
import json, sys
from support.oracles.folder_algorithm import whole_folders
from purgemap.planning import Listing, plan
file, what = sys.argv[1:]
paths, scopes, site, bodies = json.load(open(file))
site = Listing(site)
if what == "8 whole folders":
    whole_folders(paths)
elif what == "json.loads of the events":
    for body in bodies:
        json.loads(body)
elif what == "plan without a listing":
    plan(scopes, max_paths=150, max_wildcards=10)
elif what == "plan with a listing":
    plan(scopes, max_paths=150, max_wildcards=10, listing=site)
"""


def keys_of(changes: int) -> list[str]:
    """Return the keys of a site, shuffled: posts by year and month, five objects each."""
    names = ("index.html", "photo-1.jpg", "photo-2.jpg", "photo-3.jpg", "feed.xml")
    posts = (f"blog/{2000 + n % 25}/{n // 25 % 12 + 1:02}/post-{n}" for n in range(changes // len(names)))
    keys = [f"{post}/{name}" for post in posts for name in names]
    random.Random(1).shuffle(keys)
    return keys


def body_of(number: int, key: str) -> str:
    """Write an event as EventBridge sends it."""
    s3_object = {"key": key, "size": 5, "etag": "b1946ac92492d2347c6235b4d2611184", "sequencer": "00617F08299329D189"}
    detail = {"version": "0", "bucket": {"name": "site"}, "object": s3_object, "request-id": "N4N7GDK58NMKJ12R"}
    detail |= {"requester": "123456789012", "source-ip-address": "1.2.3.4", "reason": "PutObject"}
    event = {"version": "0", "id": f"17793124-05d4-b198-2fde-{number:012x}", "detail-type": "Object Created"}
    event |= {"source": "aws.s3", "account": "111122223333", "time": "2026-11-12T00:00:00Z", "region": "eu-central-1"}
    return json.dumps({**event, "resources": ["arn:aws:s3:::site"], "detail": detail})


def _seconds(work: Callable[[], object]) -> float:
    gc.collect()
    begins = process_time()
    work()
    return process_time() - begins


def peak_bytes(work: Callable[[], object]) -> int:
    """Return the peak memory of some work."""
    gc.collect()
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def _parse(bodies: list[str]) -> None:
    for body in bodies:
        json.loads(body)


def routed_and_planned(routes: RouteMap, keys: list[str]) -> None:
    """Route the changes of keys, build their items, and plan them."""
    changes = [ObjectChange("site", key, "created", "", "") for key in keys]
    assert preview_jobs(build_jobs(Router(routes).route(changes), now=0).pending)


def _routes() -> RouteMap:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "routes.yaml"
        file.write_text("{version: 1, routes: [{bucket: site, distributions: [E1EXAMPLE1ABCD]}]}")
        return load_map(file)


def rows(*, quick: bool = False) -> Iterator[Row]:
    """Yield the CPU time of each work and both floors, and the growth of the peak memory for ten times the changes."""
    routes = _routes()
    for size in (SIZES[0] // 10,) if quick else SIZES:
        yield from _times(routes, size, rounds=2 if quick else ROUNDS)
    if callgrind.is_at_hand() and not quick:
        yield from _instructions(
            SIZES[0], "8 whole folders", {"plan without a listing": 1.5, "plan with a listing": 1.5}
        )
        yield from _instructions(BATCH, "json.loads of the events", {"plan without a listing": 2.5})
    most = 10_000 if quick else 100_000
    few, many = (peak_bytes(partial(routed_and_planned, routes, keys_of(size))) for size in (most // 10, most))
    name, tenth = f"changes → plan, {most:,} changes", f"{most // 10:,} changes"
    yield Row("planning, peak memory", name, many / 1e6, "MB", many / few, tenth, bar=12)


def _times(routes: RouteMap, size: int, rounds: int) -> Iterator[Row]:
    keys = keys_of(size)
    bodies = [body_of(number, key) for number, key in enumerate(keys)]
    paths, scopes, unchanged = site_of(keys)
    site = Listing(unchanged)
    works: dict[str, Callable[[], object]] = {
        "json.loads of the events": partial(_parse, bodies),
        "8 whole folders": partial(whole_folders, paths),
        "plan without a listing": partial(plan, scopes, max_paths=150, max_wildcards=10),
        "plan with a listing": partial(plan, scopes, max_paths=150, max_wildcards=10, listing=site),
        "changes → plan": partial(routed_and_planned, routes, keys),
    }
    measured_rounds = [{name: _seconds(work) for name, work in works.items()} for _ in range(rounds)]
    for floor, bar, names in (
        ("json.loads of the events", 5, ("plan without a listing", "plan with a listing", "changes → plan")),
        ("8 whole folders", 1.5, ("plan without a listing", "plan with a listing")),
    ):
        measures = summarize_rounds(measured_rounds, floor)
        for name in names:
            measure = measures[name]
            section = f"planning {size:,} changes, beside {floor}"
            yield Row(section, name, measure.value * 1e3, "ms", measure.ratio, floor, measure.spread, bar)


def site_of(keys: list[str]) -> tuple[list[str], dict[str, str], list[list[str]]]:
    """Return the paths of changed keys, their items with scopes, and unchanged paths."""
    paths = [f"/{key}" for key in keys]
    scopes = dict.fromkeys((*paths, *(path.removesuffix("index.html") for path in paths)), "/")
    return paths, scopes, [[f"{path}.css"] for path in paths[::3]]


def _instructions(size: int, floor: str, bars: Mapping[str, float]) -> Iterator[Row]:
    """Count the instructions of plans and of their floor, without those of the program's start."""
    keys = keys_of(size)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "site.json"
        file.write_text(json.dumps([*site_of(keys), [body_of(number, key) for number, key in enumerate(keys)]]))
        count = partial(callgrind.instructions, _COUNTED, subjects.function(10), str(file))
        begin = count("nothing")
        instructions = {what: count(what) - begin for what in (floor, *bars)}
    section = f"planning {size:,} changes, in instructions"
    yield Row(section, floor, instructions[floor] / 1e6, "million", 1.0, floor)
    for name, bar in bars.items():
        ratio = instructions[name] / instructions[floor]
        yield Row(section, name, instructions[name] / 1e6, "million", ratio, floor, bar=bar)
