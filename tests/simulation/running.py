"""Run a seed: draw its environment, faults and changes, and run the real pipeline until the queue is empty."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from operator import itemgetter
from random import Random
from typing import Any
from unittest import mock

from purgemap import jobs
from simulation.changes import FOREIGN, MALFORMED, Change, delays, draw_changes, write_event, write_exact_event
from simulation.edges import Backends, MakeEdges, memory_edges
from simulation.environment import Environment, draw_environment, job_id
from simulation.faults import QUOTAS, FaultPlan, Faults, draw_plan, draw_settings
from simulation.functions import Functions, start_function, virtual_time
from simulation.lambdas import EventSource
from simulation.ledger_edges import LedgerTables
from simulation.objects import Objects, Write
from simulation.queues import DeadLetters, Entry, StandardQueue
from simulation.redeploys import remove_route
from simulation.regimes import REGIMES, EditMap
from simulation.timeline import Timeline
from support.doubles.cloudfront import ACCOUNT, CloudFrontDouble, Settings

# A message that still waits after two days waits for ever.
_MAX_RUN_SECONDS = 2 * 86_400.0
_POLL_SECONDS = 30.0


@dataclass(slots=True)
class AppliedChange:
    """A change at its time, with the URLs under which viewers could have it cached, by distribution."""

    change: Change
    at: float
    spellings: dict[str, list[str]]
    entries: list[Entry] = field(default_factory=list)


@dataclass(slots=True)
class Run:
    """The state of a seed's run, which violations and figures are read from."""

    seed: int
    environment: Environment
    timeline: Timeline
    double: CloudFrontDouble
    faults: Faults
    queue: StandardQueue
    dead_letters: DeadLetters
    source: EventSource
    functions: Functions
    tables: LedgerTables
    objects: Objects
    edit_map: EditMap
    applied_changes: list[AppliedChange] = field(default_factory=list)
    malformed: list[Entry] = field(default_factory=list)
    foreign: list[Entry] = field(default_factory=list)
    removed: set[str] = field(default_factory=set)
    unmapped: dict[str, list[Entry]] = field(
        default_factory=dict
    )  # by distribution, the jobs that waited when the map lost it
    bugs: list[str] = field(default_factory=list)

    def remove(self, distribution: str) -> None:
        """Delete a distribution."""
        self.double.remove(distribution)
        self.removed.add(distribution)

    def redeploy(self, at: float) -> None:
        """Deploy an edited map; once a run it loses a distribution that has waiting jobs."""
        rng = Random(at)
        if not self.unmapped:
            self._unmap(rng)
        is_last = at == max(self.faults.plan.redeployed_at)
        document = self.edit_map(self.environment.document, rng, is_last)
        for name in self.unmapped:
            document = remove_route(document, name)
        self.deploy(replace(self.environment, document=document))

    def deploy(self, environment: Environment) -> None:
        """Deploy a map. The stack has the ledger's table while the map needs it."""
        route_map = environment.load()
        if not route_map.skips_unchanged:
            self.tables.delete()
        self.functions.deploy(route_map)

    def _unmap(self, rng: Random) -> None:
        deleted = {name for name, _ in self.faults.plan.removed_at}
        for name, site in rng.sample(sorted(self.environment.sites.items()), len(self.environment.sites)):
            waiting_jobs = [
                entry
                for entry in self.queue.waiting()
                if any(job["distribution"] == job_id(site) for job in parse_queued_jobs(entry.body))
            ]
            is_removable = remove_route(self.environment.document, name) != self.environment.document
            if waiting_jobs and is_removable and name not in deleted:
                self.unmapped[name] = waiting_jobs
                return

    def settle(self) -> None:
        """Pass time until the queue is empty and every accepted invalidation has taken effect."""
        until = self.timeline.clock() + _MAX_RUN_SECONDS
        while (self.queue.waiting() or self.source.running) and self.timeline.clock() < until:
            if self.source.is_broken:
                break
            self.timeline.sleep(_POLL_SECONDS)
        self.timeline.sleep(self.double.settled_at() - self.timeline.clock())


@dataclass(frozen=True, slots=True)
class RunOptions:
    """The options of a run; tests replace them to seed a bug or to use HTTP."""

    source: type[EventSource] = EventSource
    edges: MakeEdges = memory_edges
    max_changes: int = 2_000
    calls_per_second: float = 0.5
    quotas: str = "drawn"  # one of QUOTAS
    regime: str = "drawn"  # one of REGIMES


def draw_count(rng: Random, max_count: int) -> int:
    """Draw the number of changes; one run in twenty has the most."""
    return min(max_count, rng.choice((5,) * 6 + (20,) * 6 + (80,) * 5 + (300,) * 2 + (2_000,)))


@contextmanager
def run_seed(seed: int, options: RunOptions) -> Iterator[Run]:
    """Run a seed to its end; the pollers stop when the block ends."""
    rng = Random(seed)
    environment = draw_environment(rng)
    regime, regime_rng = REGIMES[options.regime], Random(seed)
    regime.extend_environment(environment, regime_rng)
    plan = draw_plan(rng, list(environment.sites), [ACCOUNT, *environment.roles], list(environment.roles.values()))
    plan = regime.extend_plan(plan, regime_rng)
    paced_options = replace(
        options, calls_per_second=options.calls_per_second * rng.choice((1, 1, 1, 4, 0.2))
    )  # the function's rate may differ from CloudFront's
    settings = replace(draw_settings(rng), **{**QUOTAS[options.quotas], **regime.quotas})
    with open_run(seed, environment, plan, settings, paced_options) as run:
        changes = draw_changes(rng, environment.folders, draw_count(rng, min(options.max_changes, regime.max_changes)))
        changes += regime.extra_changes(environment, regime_rng)
        run_agenda(run, regime.complete_changes(changes, plan, run.objects, regime_rng), rng)
        yield run


@contextmanager
def open_run(
    seed: int, environment: Environment, plan: FaultPlan, settings: Settings, options: RunOptions
) -> Iterator[Run]:
    """Start the service in an environment, before any change."""
    rng, timeline, routes = Random(seed), Timeline(), environment.load()
    faults = Faults(plan, timeline, Random(rng.random()))
    double = CloudFrontDouble(timeline.clock, settings, wait=timeline.sleep)
    double.add(*environment.sites.values())
    faults.set_up(double)
    dead_letters = DeadLetters(timeline)
    queue = StandardQueue(timeline, dead_letters, Random(rng.random()), plan.doubled)
    tables, objects = LedgerTables(timeline), Objects(timeline.clock, seed)
    backends = Backends(double, timeline, faults, queue, dead_letters, tables, objects)
    small = mock.patch.object(jobs, "MAX_MESSAGE_BYTES", plan.message_bytes)
    with virtual_time(timeline, faults), small, options.edges(backends) as edges:
        start = partial(start_function, edges, options.calls_per_second, timeline, faults)
        functions = Functions(start, routes, Random(rng.random()))
        source = options.source(queue, functions, timeline, faults)
        if plan.window_seconds is not None:
            source.window_seconds = plan.window_seconds
        parts = (timeline, double, faults, queue, dead_letters, source, functions, tables, objects)
        run = Run(seed, environment, *parts, REGIMES[options.regime].edit_map)
        yield run
        try:
            source.stop()
        except Exception as error:  # noqa: BLE001  any error is a violation
            run.bugs.append(repr(error))


def run_agenda(run: Run, changes: list[Change], rng: Random) -> None:
    """Apply changes and the events of the plan at their times, then settle."""
    start, plan, clock = run.timeline.clock(), run.faults.plan, run.timeline.clock
    agenda: list[tuple[float, Callable[[], None]]] = [
        *((at, partial(run.faults.grant_role, run.double, role)) for role, at in plan.denied_until),
        *((at, partial(run.remove, name)) for name, at in plan.removed_at),
        *((at, partial(run.redeploy, at)) for at in plan.redeployed_at),
        *((change.at, partial(_change, run, change, rng)) for change in changes),
    ]
    for at, apply in sorted(agenda, key=itemgetter(0)):
        if start + at > clock():
            run.timeline.sleep(start + at - clock())
        apply()
    run.settle()


def _change(run: Run, change: Change, rng: Random) -> None:
    """Change an object that viewers have cached under every URL, and put its event in the queue."""
    plan = run.faults.plan
    applied = AppliedChange(change, run.timeline.clock(), {})
    for view in run.environment.views_of(change.bucket):
        spellings = list(view.spellings(change.key))
        if spellings:
            applied.spellings.setdefault(job_id(view.site), []).extend(spellings)
        if view.site.id not in run.removed:
            # Where contents come back, locations with other copies decide whether one is stale.
            show = run.double.view_elsewhere if change.content else run.double.view
            for spelling in spellings:
                show(view.site.id, spelling)
    run.applied_changes.append(applied)
    if change.content:
        body = write_exact_event(change, _write(run, change), rng, plan.unsequenced)
    elif change.event == "created":
        run.double.put(change.bucket, change.key, _tags(change.key))
        body = write_event(change, run.timeline.clock(), rng)
    else:
        run.double.delete(change.bucket, change.key)
        body = write_event(change, run.timeline.clock(), rng)
    applied.entries += [run.queue.put(body, change.delay + delay) for delay in delays(rng, plan)]
    if rng.random() < plan.malformed:
        run.malformed.append(run.queue.put(rng.choice(MALFORMED)))
        run.foreign.append(run.queue.put(rng.choice(FOREIGN)))


def _write(run: Run, change: Change) -> Write:
    """Write an object of S3, whose content viewers get from then on, or delete it."""
    object_id, content = (change.bucket, change.key), change.content
    if change.event == "created" and content:
        write = run.objects.put(object_id, content)
    elif change.event == "deleted":
        write = run.objects.delete_version(object_id)
    else:
        write = run.objects.delete(object_id)
    current = run.objects.current(object_id)
    if current:
        run.double.put(*object_id, _tags(change.key), current)
    else:
        run.double.delete(*object_id)
    return write


def parse_queued_jobs(body: str) -> list[dict[str, Any]]:
    """Parse a message that holds complete jobs; return [] for any other message."""
    try:
        content = json.loads(body)
    except ValueError:
        return []
    jobs = content if isinstance(content, list) else [content]
    return jobs if all(map(_is_job, jobs)) else []


def _is_job(job: Any) -> bool:
    return isinstance(job, dict) and job.get("purgemap_job") == 1 and isinstance(job.get("items"), list)


def items_of(job: dict[str, Any]) -> Iterator[str]:
    """Yield the items of a job's message."""
    return (item for _, items in job["items"] for item in items)


def _tags(key: str) -> list[str]:
    return ["docs", f"site-{key.split('/')[1]}" if key.startswith("sites/") else "all"]
