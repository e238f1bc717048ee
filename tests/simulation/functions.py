"""The function's instances, whose work takes virtual time."""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from random import Random
from typing import Any
from unittest import mock

from purgemap import pipeline
from purgemap.delivery import DailyBudgets, sender
from purgemap.events import ObjectChange
from purgemap.jobs import Job
from purgemap.lambda_function import Handler, serve
from purgemap.ledger import Ledger
from purgemap.pipeline import Service
from purgemap.planning import Request, plan_job
from purgemap.routemap.compiled import RouteMap
from purgemap.routing.router import Router
from purgemap.routing.targets import RoutedChanges
from simulation.edges import Edges
from simulation.faults import Faults
from simulation.lambdas import CONCURRENCY
from simulation.timeline import Pool, Timeline

# The share of invocations that start a new instance.
_SHARE_REPLACED = 0.05


class Functions:
    """The function's instances, which share nothing; a batch goes to any, and some are replaced."""

    def __init__(self, start: Callable[[RouteMap], Handler], routes: RouteMap, rng: Random) -> None:
        self._start = start
        self._rng = rng
        self.deploy(routes)

    def deploy(self, routes: RouteMap) -> None:
        """Replace all instances by ones with another map; running invocations keep their own."""
        self._routes = routes
        self._instances = [self._start(routes) for _ in range(CONCURRENCY)]

    def __call__(self, payload: Any, context: Any) -> dict[str, Any] | None:
        chosen = self._rng.randrange(CONCURRENCY)
        if self._rng.random() < _SHARE_REPLACED:
            self._instances[chosen] = self._start(self._routes)
        return self._instances[chosen](payload, context)


def start_function(
    edges: Edges, calls_per_second: float, timeline: Timeline, faults: Faults, routes: RouteMap
) -> Handler:
    """Start an instance of the function with a map."""
    cloudfront, history, queue, dead_letters, open_table, heads = edges
    router = ComputingRouter(routes, faults)
    ledger = Ledger(open_table(), heads, routes) if routes.skips_unchanged else None
    service = Service(routes, router, cloudfront, queue, dead_letters, DailyBudgets(history), ledger=ledger)
    return serve(service, calls_per_second, timeline.clock, timeline.sleep)


class ComputingRouter(Router):
    """The router, whose work takes virtual time."""

    def __init__(self, routes: RouteMap, faults: Faults) -> None:
        super().__init__(routes)
        self._faults = faults

    def route(self, changes: Iterable[ObjectChange]) -> RoutedChanges:
        changes = list(changes)
        self._faults.compute(len(changes) * self._faults.plan.seconds_per_change)
        return super().route(changes)


@contextmanager
def virtual_time(timeline: Timeline, faults: Faults) -> Iterator[None]:
    """Run accounts on the timeline, make planning take virtual time, and silence the log."""

    def plan(job: Job, max_paths: int, max_wildcards: int, **options: Any) -> list[Request]:
        faults.compute(len(job.scopes) * faults.plan.seconds_per_planned_item)
        return plan_job(job, max_paths, max_wildcards, **options)

    pool = type("TimelinePool", (Pool,), {"timeline": timeline})
    log = logging.getLogger("purgemap")
    level = log.level
    log.setLevel(logging.CRITICAL + 1)
    try:
        with mock.patch.object(sender, "ThreadPoolExecutor", pool), mock.patch.object(pipeline, "plan_job", plan):
            yield
    finally:
        log.setLevel(level)
