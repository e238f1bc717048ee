"""The AWS clients of the function in memory; every call takes virtual time and may kill the process."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from itertools import compress
from typing import Any, NamedTuple, Protocol

from purgemap.aws.cloudfront import FAILURE_KINDS
from purgemap.delivery import (
    CloudFront,
    FailureKind,
    InvalidationError,
    InvalidationHistory,
    InvalidationPage,
    ListedInvalidation,
)
from purgemap.delivery.queueing import Queue, QueueMessage
from purgemap.errors import PurgemapError
from purgemap.ledger import LedgerTable, ObjectHeads
from purgemap.routemap.compiled import TENANT, Distribution
from simulation.faults import Faults
from simulation.ledger_edges import LedgerTables, SimulatedLedgerTable, SimulatedObjectHeads
from simulation.objects import Objects
from simulation.timeline import Timeline
from support.doubles.cloudfront import ACCOUNT, Caller, CloudFrontDouble, ConnectionCutError, ServiceError

# The longest call with its retry fits in this time; a call must not begin with less.
SECONDS_FOR_A_CALL = 30

SECONDS_PER_CALL = 0.3
SECONDS_PER_READ = 0.1
_SECONDS_TO_RETRY = 1.0
_ATTEMPTS = 2
_ENTRIES_PER_CALL = 10
_SECONDS_TO_GIVE_UP = 8.0
_UNSENT = "InternalError: We encountered an internal error. Please try again."

# The error codes of CloudFront that botocore's standard mode retries:
# https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
_RETRIED = ("Throttling", "ServiceUnavailable", "InternalFailure")


class Killer(Protocol):
    """Ends the process at some calls."""

    def kill_perhaps(self) -> None: ...


def caller_of(distribution: Distribution) -> Caller:
    """Return the caller for a distribution: the function's account, or a role of another."""
    return Caller(distribution.account or ACCOUNT, distribution.role_arn or "")


def check_time_left(timeline: Timeline) -> None:
    """Raise AssertionError, which becomes a violation, if a call begins too late."""
    seconds_left = timeline.current.life.deadline - timeline.clock()
    if seconds_left < SECONDS_FOR_A_CALL:
        raise AssertionError(f"a call begins with {seconds_left:.1f} s left")


class Backends(NamedTuple):
    """The services behind a run's edges: CloudFront, the queues, the ledger's tables and S3's objects."""

    double: CloudFrontDouble
    timeline: Timeline
    faults: Faults
    queue: Queue
    dead_letters: Queue
    tables: LedgerTables
    objects: Objects


class Edges(NamedTuple):
    """The clients of the service: CloudFront and its history, the queue, the dead-letter queue.

    The client of the ledger's table is built with each function: a later table is another one.
    """

    cloudfront: CloudFront
    history: InvalidationHistory
    queue: Queue
    dead_letters: Queue
    open_table: Callable[[], LedgerTable]
    heads: ObjectHeads


def ledger_edges(backends: Backends) -> tuple[Callable[[], LedgerTable], ObjectHeads]:
    """Build the edges of the ledger, which are in memory however the others call."""
    _, timeline, faults, _, _, tables, objects = backends
    open_table = partial(SimulatedLedgerTable, tables, timeline, faults)
    return open_table, SimulatedObjectHeads(objects, timeline, faults)


MakeEdges = Callable[[Backends], AbstractContextManager[Edges]]


@contextmanager
def memory_edges(backends: Backends) -> Iterator[Edges]:
    """Build edges that call the backends directly."""
    double, timeline, faults, queue, dead_letters, _, _ = backends
    roles = SimulatedRoles(timeline, faults)
    yield Edges(
        SimulatedCloudFront(double, timeline, faults, roles),
        SimulatedHistory(double, timeline, faults, roles),
        SimulatedQueue(queue, timeline, faults),
        SimulatedQueue(dead_letters, timeline, faults),
        *ledger_edges(backends),
    )


class _SimulatedClient:
    """A client of CloudFront: its calls reach the double as the caller of their distribution."""

    def __init__(self, double: CloudFrontDouble, timeline: Timeline, killer: Killer, roles: "SimulatedRoles") -> None:
        self._double = double
        self._timeline = timeline
        self._killer = killer
        self._roles = roles

    def _call(self, operation: str, distribution: Distribution, *arguments: Any, **options: Any) -> Any:
        """Call an operation of the double; a tenant has operations and ids of its own."""
        is_tenant = distribution.id.startswith(TENANT)
        call = getattr(self._double, f"{operation}_for_tenant" if is_tenant else operation)
        return call(caller_of(distribution), distribution.id.removeprefix(TENANT), *arguments, **options)


class SimulatedCloudFront(_SimulatedClient):
    """`delivery.CloudFront` with the retries of `aws.AwsCloudFront`; each attempt takes virtual time."""

    def create_invalidation(self, distribution: Distribution, items: tuple[str, ...], caller_reference: str) -> str:
        check_time_left(self._timeline)
        self._roles.assume(distribution)
        for attempt in range(_ATTEMPTS):
            self._timeline.sleep(attempt * _SECONDS_TO_RETRY)
            self._killer.kill_perhaps()
            try:
                invalidation: str = self._call("create_invalidation", distribution, items, caller_reference).id
            except ServiceError as error:
                kind = FAILURE_KINDS.get(error.code, FailureKind.SERVER_ERROR)
                failure = InvalidationError(kind, f"{error.code}: {error.message}")
                if error.code not in _RETRIED:
                    break
            except ConnectionCutError as error:
                failure = InvalidationError(FailureKind.SERVER_ERROR, str(error))
            else:
                return invalidation
            finally:
                self._timeline.sleep(SECONDS_PER_CALL)
                self._killer.kill_perhaps()
        raise failure


class SimulatedHistory(_SimulatedClient):
    """`delivery.InvalidationHistory`, whose reads take virtual time."""

    def list_page(self, distribution: Distribution, marker: str) -> InvalidationPage:
        with self._reading(distribution):
            page = self._call("list_invalidations", distribution, marker=marker)
        return InvalidationPage([ListedInvalidation(item.id, item.created) for item in page.items], page.next_marker)

    def read_items(self, distribution: Distribution, invalidation: str) -> tuple[str, ...]:
        with self._reading(distribution):
            items: tuple[str, ...] = self._call("get_invalidation", distribution, invalidation).items
        return items

    @contextmanager
    def _reading(self, distribution: Distribution) -> Iterator[None]:
        self._killer.kill_perhaps()
        try:
            self._roles.assume(distribution)
            yield
        except (ServiceError, ConnectionCutError, InvalidationError) as error:
            raise PurgemapError(str(error)) from error
        finally:
            self._timeline.sleep(SECONDS_PER_READ)


class SimulatedRoles:
    """Credentials of roles, as botocore fetches them from STS on first use."""

    # Real credentials last an hour; a short time makes the simulation fetch them often.
    _SECONDS_UNTIL_FETCHED_AGAIN = 60

    def __init__(self, timeline: Timeline, faults: Faults) -> None:
        self._timeline = timeline
        self._faults = faults
        self._expiry_by_role: dict[str, float] = {}

    def assume(self, distribution: Distribution) -> None:
        """Spend the time of STS for a distribution's role; raises InvalidationError if STS does not respond."""
        role = distribution.role_arn
        if not role or not self._faults.plan.slow_sts or self._timeline.clock() < self._expiry_by_role.get(role, 0):
            return
        for attempt in range(_ATTEMPTS):
            self._timeline.sleep(attempt * _SECONDS_TO_RETRY)
            seconds = self._faults.seconds_of_sts()
            self._timeline.sleep(seconds)
            if seconds < _SECONDS_TO_GIVE_UP:
                self._expiry_by_role[role] = self._timeline.clock() + self._SECONDS_UNTIL_FETCHED_AGAIN
                return
        raise InvalidationError(FailureKind.SERVER_ERROR, "Read timeout on endpoint URL: https://sts.amazonaws.com/")


class SimulatedQueue:
    """`delivery.Queue` with the ten messages per call of `aws.SqsQueue`; some messages fail."""

    def __init__(self, queue: Queue, timeline: Timeline, faults: Faults) -> None:
        self._queue = queue
        self._timeline = timeline
        self._faults = faults

    def send(self, messages: Sequence[QueueMessage]) -> list[str]:
        reasons: list[str] = []
        for start in range(0, len(messages), _ENTRIES_PER_CALL):
            self._faults.kill_perhaps()
            self._timeline.sleep(SECONDS_PER_CALL / 10)
            reasons += self._send(messages[start : start + _ENTRIES_PER_CALL])
            self._faults.kill_perhaps()
        return reasons

    def _send(self, messages: Sequence[QueueMessage]) -> list[str]:
        are_accepted = [not self._faults.occurs(self._faults.plan.unsent) for _ in messages]
        reasons = iter(self._queue.send([*compress(messages, are_accepted)]))
        return [next(reasons) if is_accepted else _UNSENT for is_accepted in are_accepted]
