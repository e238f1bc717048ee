"""A seed → a world, its troubles and changes, lived through by the real pipeline until nothing waits any more."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from operator import itemgetter
from random import Random
from typing import Any
from unittest import mock

from doubles.cloudfront import ACCOUNT, CloudFrontDouble, Settings
from purgemap import jobs
from purgemap.delivery import DailyBudgets, delivering
from purgemap.lambda_function import Handler, serve
from purgemap.pipeline import Service
from purgemap.routes.table import Routes
from purgemap.routing import Router
from simulation.changes import FOREIGN, MALFORMED, Change, delays, draw_changes, write_event
from simulation.edges import Edges, MakeEdges, Stage, in_memory
from simulation.lambdas import CONCURRENCY, EventSource
from simulation.queues import DeadLetters, Entry, StandardQueue
from simulation.timeline import Pool, Timeline
from simulation.trouble import QUOTAS, Plan, Trouble, draw_plan, draw_settings
from simulation.world import World, draw_world, job_id

# What is not through by then never will be.
_LONGEST = 2 * 86_400.0
_LOOKS_EVERY = 30.0

# Of invocations, those that find a new instance of the function.
_SHARE_REPLACED = 0.05


@dataclass(slots=True)
class Happened:
    """A change as it came to pass: when, and who could have it cached under which URLs, by distribution."""

    change: Change
    at: float
    spellings: dict[str, list[str]]
    entries: list[Entry] = field(default_factory=list)


@dataclass(slots=True)
class Run:
    """Everything of a seed's run that its verdict and its report look at."""

    seed: int
    world: World
    timeline: Timeline
    double: CloudFrontDouble
    trouble: Trouble
    queue: StandardQueue
    dead_letters: DeadLetters
    source: EventSource
    happened: list[Happened] = field(default_factory=list)
    malformed: list[Entry] = field(default_factory=list)
    foreign: list[Entry] = field(default_factory=list)
    removed: set[str] = field(default_factory=set)
    bugs: list[str] = field(default_factory=list)

    def remove(self, distribution: str) -> None:
        """Delete a distribution."""
        self.double.remove(distribution)
        self.removed.add(distribution)

    def settle(self) -> None:
        """Go on until the queue is empty and what was accepted has taken effect."""
        until = self.timeline.clock() + _LONGEST
        while (self.queue.waiting() or self.source.running) and self.timeline.clock() < until:
            if self.source.is_broken:
                break
            self.timeline.sleep(_LOOKS_EVERY)
        self.timeline.sleep(self.double.settled_at() - self.timeline.clock())


@dataclass(frozen=True, slots=True)
class Kit:
    """What a run is made of; another one plants a bug, or goes over HTTP."""

    source: type[EventSource] = EventSource
    edges: MakeEdges = in_memory
    most_changes: int = 2_000
    calls_per_second: float = 0.5
    quotas: str = "drawn"  # which of the quotas CloudFront has


def draw_count(rng: Random, most: int) -> int:
    """Draw how many objects change; one run in twenty has the most."""
    return min(most, rng.choice((5,) * 6 + (20,) * 6 + (80,) * 5 + (300,) * 2 + (2_000,)))


@contextmanager
def running(seed: int, kit: Kit) -> Iterator[Run]:
    """Live a seed's run through; afterwards the pollers stop."""
    rng = Random(seed)
    world = draw_world(rng)
    plan = draw_plan(rng, list(world.sites), [ACCOUNT, *world.roles], list(world.roles.values()))
    paced = replace(kit, calls_per_second=kit.calls_per_second * rng.choice((1, 1, 1, 4, 0.2)))  # rightly, or not
    settings = replace(draw_settings(rng), **QUOTAS[kit.quotas])
    with opened(seed, world, plan, settings, paced) as run:
        live(run, draw_changes(rng, world.folders, draw_count(rng, kit.most_changes)), rng)
        yield run


@contextmanager
def opened(seed: int, world: World, plan: Plan, settings: Settings, kit: Kit) -> Iterator[Run]:
    """Set the service up in a world, with nothing happening yet."""
    rng, timeline, routes = Random(seed), Timeline(), world.load()
    trouble = Trouble(plan, timeline, Random(rng.random()))
    double = CloudFrontDouble(timeline.clock, settings, wait=timeline.sleep)
    double.add(*world.sites.values())
    trouble.set_up(double)
    dead_letters = DeadLetters(timeline)
    queue = StandardQueue(timeline, dead_letters, Random(rng.random()), plan.doubled)
    stage = Stage(double, timeline, trouble, queue, dead_letters)
    small = mock.patch.object(jobs, "MAX_MESSAGE_BYTES", plan.message_bytes)
    with virtual_time(timeline), small, kit.edges(stage) as edges:
        functions = Functions(lambda: _start_function(routes, edges, kit, timeline), Random(rng.random()))
        source = kit.source(queue, functions, timeline, trouble)
        run = Run(seed, world, timeline, double, trouble, queue, dead_letters, source)
        yield run
        try:
            source.stop()
        except Exception as error:  # noqa: BLE001  whatever it is, the verdict names it
            run.bugs.append(repr(error))


class Functions:
    """Lambda's instances of the function: any may get a batch, they share nothing, and now and then one is replaced."""

    def __init__(self, start: Callable[[], Handler], rng: Random) -> None:
        self._start = start
        self._rng = rng
        self._instances = [start() for _ in range(CONCURRENCY)]

    def __call__(self, payload: Any, context: Any) -> dict[str, Any] | None:
        chosen = self._rng.randrange(CONCURRENCY)
        if self._rng.random() < _SHARE_REPLACED:
            self._instances[chosen] = self._start()
        return self._instances[chosen](payload, context)


def _start_function(routes: Routes, edges: Edges, kit: Kit, timeline: Timeline) -> Handler:
    cloudfront, history, queue, dead_letters = edges
    service = Service(routes, Router(routes), cloudfront, queue, dead_letters, DailyBudgets(history))
    return serve(service, kit.calls_per_second, timeline.clock, timeline.sleep)


@contextmanager
def virtual_time(timeline: Timeline) -> Iterator[None]:
    """Let `delivery` run its accounts on the timeline, and the service's log be silent."""
    pool = type("TimelinePool", (Pool,), {"timeline": timeline})
    log = logging.getLogger("purgemap")
    level = log.level
    log.setLevel(logging.CRITICAL + 1)
    try:
        with mock.patch.object(delivering, "ThreadPoolExecutor", pool):
            yield
    finally:
        log.setLevel(level)


def live(run: Run, changes: list[Change], rng: Random) -> None:
    """Let everything happen that the seed has drawn, then wait until all is settled."""
    start, plan, clock = run.timeline.clock(), run.trouble.plan, run.timeline.clock
    agenda: list[tuple[float, Callable[[], None]]] = [
        *((at, partial(run.trouble.let_in, run.double, role)) for role, at in plan.denied_until),
        *((at, partial(run.remove, name)) for name, at in plan.removed_at),
        *((change.at, partial(_change, run, change, rng)) for change in changes),
    ]
    for at, happens in sorted(agenda, key=itemgetter(0)):
        if start + at > clock():
            run.timeline.sleep(start + at - clock())
        happens()
    run.settle()


def _change(run: Run, change: Change, rng: Random) -> None:
    """Change an object that viewers have cached under every URL, and tell of it."""
    plan = run.trouble.plan
    happened = Happened(change, run.timeline.clock(), {})
    for view in run.world.views_of(change.bucket):
        spellings = list(view.spellings(change.key))
        if spellings:
            happened.spellings.setdefault(job_id(view.site), []).extend(spellings)
        if view.site.id not in run.removed:
            for spelling in spellings:
                run.double.view(view.site.id, spelling)
    if change.event == "created":
        run.double.put(change.bucket, change.key, _tags(change.key))
    else:
        run.double.delete(change.bucket, change.key)
    run.happened.append(happened)
    body = write_event(change, run.timeline.clock(), rng)
    happened.entries += [run.queue.put(body, delay) for delay in delays(rng, plan.doubled, plan.late)]
    if rng.random() < plan.malformed:
        run.malformed.append(run.queue.put(rng.choice(MALFORMED)))
        run.foreign.append(run.queue.put(rng.choice(FOREIGN)))


def _tags(key: str) -> list[str]:
    return ["docs", f"site-{key.split('/')[1]}" if key.startswith("sites/") else "all"]
