"""A day of steady writes through the real pipeline: functions that share nothing, a queue, and a strict CloudFront.

Batches come in fixed windows and calls take no time, so that a day passes in seconds.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from heapq import heappop, heappush
from typing import Any

from purgemap.delivery import (
    DailyBudgets,
    FailureKind,
    InvalidationError,
    InvalidationPage,
    ListedInvalidation,
    RateLimit,
)
from purgemap.delivery.queueing import QueueMessage
from purgemap.errors import PurgemapError
from purgemap.pipeline import BatchResult, Service, process_batch
from purgemap.routemap.compiled import Distribution, RouteMap
from purgemap.routing.router import Router
from support.doubles.clock import Clock
from support.doubles.cloudfront import ACCOUNT, CloudFrontDouble, ServiceError, Site
from support.doubles.memory import MemoryQueue
from support.oracles.cloudfront_rules import is_covered
from support.payloads import sqs_batch

WINDOW_SECONDS = 10
INSTANCES = 2
SECONDS_OF_AN_INSTANCE = 2 * 3_600
DAY = 86_400


class DirectCloudFront:
    """`delivery.CloudFront` and `delivery.InvalidationHistory` over the double's core; reads may be made to fail."""

    def __init__(self, double: CloudFrontDouble, accepted: Callable[[Sequence[str]], object]) -> None:
        self.reads = 0
        self.are_reads_failing = False
        self._double = double
        self._accepted = accepted

    def create_invalidation(self, distribution: Distribution, items: tuple[str, ...], caller_reference: str) -> str:
        try:
            created = self._double.create_invalidation(ACCOUNT, distribution.id, items, caller_reference)
        except ServiceError as error:
            raise InvalidationError(FailureKind.QUOTA_EXCEEDED, str(error)) from error
        self._accepted(items)
        return created.id

    def list_page(self, distribution: Distribution, marker: str) -> InvalidationPage:
        with self._reading():
            page = self._double.list_invalidations(ACCOUNT, distribution.id, marker=marker)
        return InvalidationPage([ListedInvalidation(item.id, item.created) for item in page.items], page.next_marker)

    def read_items(self, distribution: Distribution, invalidation: str) -> tuple[str, ...]:
        with self._reading():
            return self._double.get_invalidation(ACCOUNT, distribution.id, invalidation).items

    @contextmanager
    def _reading(self) -> Iterator[None]:
        self.reads += 1
        if self.are_reads_failing:
            raise PurgemapError("ListInvalidations: AccessDenied: not allowed")
        yield


class Day:
    """A service whose batches are handed to it one after another; `lateness` is the longest delay of a change."""

    def __init__(self, routes: RouteMap) -> None:
        self.clock = Clock()
        self.double = CloudFrontDouble(self.clock)
        self.double.add(*(Site(id=id_, bucket="site") for id_ in routes.distributions_by_id))
        self.cloudfront = DirectCloudFront(self.double, self._cover)
        self.lateness = 0.0
        self.warnings: list[str] = []
        self.rejected = MemoryQueue()
        self._routes = routes
        self._begin = self.clock()
        self._started = [self._begin - number * SECONDS_OF_AN_INSTANCE / INSTANCES for number in range(INSTANCES)]
        self._services = [self._start(MemoryQueue()) for _ in range(INSTANCES)]
        self._waiting: list[tuple[float, int, str]] = []
        self._changed_at: dict[str, float] = {}
        self._messages = 0

    @property
    def paths(self) -> int:
        """The paths on the bill."""
        return self.double.ledger.billed_paths[ACCOUNT]

    @property
    def sent(self) -> list[tuple[float, tuple[str, ...]]]:
        """All invalidations: the seconds since the start, and the items."""
        every = [each for id_ in self._routes.distributions_by_id for each in self.double.accepted(id_)]
        return [(each.created - self._begin, each.items) for each in every]

    @property
    def uncovered(self) -> int:
        """The changed paths that no invalidation has covered yet."""
        return len(self._changed_at)

    def change(self, bodies: Iterable[Any], paths: Iterable[str]) -> BatchResult | None:
        """Invoke a function with the changes of the last window and the due messages."""
        for path in paths:
            self._changed_at.setdefault(path, self.clock() - WINDOW_SECONDS)
        return self._invoke([*bodies, *self._returned()])

    def pass_time(self, seconds: float, changes: Callable[[int], tuple[list[Any], list[str]]] | None = None) -> None:
        """Let windows pass, each with the changes of its number: the bodies of messages, and the paths concerned."""
        for number in range(int(seconds / WINDOW_SECONDS)):
            self.clock.advance(WINDOW_SECONDS)
            self.change(*(changes(number) if changes else ([], [])))

    def share_returned(self) -> None:
        """Invoke both functions at once, each with half of the due messages."""
        bodies = list(self._returned())
        for turn in range(INSTANCES):
            self._invoke(bodies[turn::INSTANCES], turn)

    def _invoke(self, bodies: Sequence[Any], turn: int | None = None) -> BatchResult | None:
        if not bodies:
            return None
        turn = int(self.clock() / WINDOW_SECONDS) % INSTANCES if turn is None else turn
        self._replace_old(turn)
        service = self._services[turn]
        rate_limit = RateLimit(now=self.clock, seconds_left=lambda: 60.0, sleep=lambda _: None)
        result = process_batch(sqs_batch(bodies, first=self._messages), service, rate_limit)
        self.warnings += result.notes.warnings
        self._messages += len(bodies)
        assert isinstance(service.queue, MemoryQueue)
        self._put(service.queue.messages)
        service.queue.messages.clear()
        return result

    def _start(self, queue: MemoryQueue) -> Service:
        budgets = DailyBudgets(self.cloudfront)
        return Service(self._routes, Router(self._routes), self.cloudfront, queue, self.rejected, budgets)

    def _replace_old(self, turn: int) -> None:
        if self.clock() - self._started[turn] >= SECONDS_OF_AN_INSTANCE:
            self._services[turn], self._started[turn] = self._start(MemoryQueue()), self.clock()

    def _put(self, messages: Iterable[QueueMessage]) -> None:
        for message in messages:
            self._messages += 1
            heappush(self._waiting, (self.clock() + message.delay, self._messages, message.body))

    def _returned(self) -> Iterator[str]:
        while self._waiting and self._waiting[0][0] <= self.clock():
            yield heappop(self._waiting)[2]

    def _cover(self, items: Sequence[str]) -> None:
        accepted = set(items)
        covered = [path for path in self._changed_at if is_covered(path, accepted)]
        for path in covered:
            self.lateness = max(self.lateness, self.clock() - self._changed_at.pop(path))
