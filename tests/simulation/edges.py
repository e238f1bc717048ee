"""What the function calls: CloudFront over the double's core, and queues, each call a chance to be killed."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import compress
from typing import NamedTuple, Protocol

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
from purgemap.routemap.compiled import TENANT, Distribution
from simulation.faults import Faults
from simulation.timeline import Timeline
from support.doubles.cloudfront import ACCOUNT, Caller, CloudFrontDouble, ConnectionCutError, ServiceError

# What a call may take with its retry, and then some: it must not begin with less of the function's time left.
SECONDS_FOR_A_CALL = 30

SECONDS_PER_CALL = 0.3
SECONDS_PER_READ = 0.1
_SECONDS_TO_RETRY = 1.0
_ATTEMPTS = 2
_ENTRIES_PER_CALL = 10
_SECONDS_TO_GIVE_UP = 8.0
_UNSENT = "InternalError: We encountered an internal error. Please try again."

# What botocore's standard mode sends again, of what CloudFront answers:
# https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
_RETRIED = ("Throttling", "ServiceUnavailable", "InternalFailure")


class Killer(Protocol):
    """Whatever may end the process at a call."""

    def may_kill(self) -> None: ...


def caller_of(distribution: Distribution) -> Caller:
    """Say who calls for a distribution: the function's account, or the role's."""
    return Caller(distribution.account or ACCOUNT, distribution.role_arn or "")


def check_time(timeline: Timeline) -> None:
    """Raise AssertionError, which the verdict names, where a call begins too late."""
    left = timeline.current.life.deadline - timeline.clock()
    if left < SECONDS_FOR_A_CALL:
        raise AssertionError(f"a call begins with {left:.1f} s left")


class Stage(NamedTuple):
    """What a run's edges lead to: CloudFront, and the queues that keep what is sent."""

    double: CloudFrontDouble
    timeline: Timeline
    faults: Faults
    queue: Queue
    dead_letters: Queue


class Edges(NamedTuple):
    """What the service is given: CloudFront and its history, the queue, the dead-letter queue."""

    cloudfront: CloudFront
    history: InvalidationHistory
    queue: Queue
    dead_letters: Queue


MakeEdges = Callable[[Stage], AbstractContextManager[Edges]]


@contextmanager
def in_memory(stage: Stage) -> Iterator[Edges]:
    """Lead there without a byte on a wire."""
    double, timeline, faults, *queues = stage
    roles = SimulatedRoles(timeline, faults)
    yield Edges(
        SimulatedCloudFront(double, timeline, faults, roles),
        SimulatedHistory(double, timeline, faults, roles),
        *(SimulatedQueue(each, timeline, faults) for each in queues),
    )


class SimulatedCloudFront:
    """`delivery.CloudFront` as `aws.AwsCloudFront` is, retries included; each attempt takes virtual time."""

    def __init__(self, double: CloudFrontDouble, timeline: Timeline, killer: Killer, roles: "SimulatedRoles") -> None:
        self._double = double
        self._timeline = timeline
        self._killer = killer
        self._roles = roles

    def create_invalidation(self, distribution: Distribution, items: tuple[str, ...], caller_reference: str) -> str:
        check_time(self._timeline)
        self._roles.assume(distribution)
        for attempt in range(_ATTEMPTS):
            self._timeline.sleep(attempt * _SECONDS_TO_RETRY)
            self._killer.may_kill()
            try:
                accepted = self._call(distribution, items, caller_reference)
            except ServiceError as error:
                refused = InvalidationError(
                    FAILURE_KINDS.get(error.code, FailureKind.SERVER_ERROR), f"{error.code}: {error.message}"
                )
                if error.code not in _RETRIED:
                    break
            except ConnectionCutError as error:
                refused = InvalidationError(FailureKind.SERVER_ERROR, str(error))
            else:
                return accepted
            finally:
                self._timeline.sleep(SECONDS_PER_CALL)
                self._killer.may_kill()
        raise refused

    def _call(self, distribution: Distribution, items: tuple[str, ...], caller_reference: str) -> str:
        is_tenant = distribution.id.startswith(TENANT)
        create = self._double.create_invalidation_for_tenant if is_tenant else self._double.create_invalidation
        id_ = distribution.id.removeprefix(TENANT)
        return create(caller_of(distribution), id_, items, caller_reference).id


class SimulatedHistory:
    """`delivery.InvalidationHistory` as `AwsInvalidationHistory` is; each read takes virtual time."""

    def __init__(self, double: CloudFrontDouble, timeline: Timeline, killer: Killer, roles: "SimulatedRoles") -> None:
        self._double = double
        self._timeline = timeline
        self._killer = killer
        self._roles = roles

    def list_page(self, distribution: Distribution, marker: str) -> InvalidationPage:
        double, is_tenant = self._double, distribution.id.startswith(TENANT)
        find = double.list_invalidations_for_tenant if is_tenant else double.list_invalidations
        with self._reading(distribution):
            page = find(caller_of(distribution), distribution.id.removeprefix(TENANT), marker=marker)
        return InvalidationPage([ListedInvalidation(each.id, each.created) for each in page.items], page.next_marker)

    def read_items(self, distribution: Distribution, invalidation: str) -> tuple[str, ...]:
        double, is_tenant = self._double, distribution.id.startswith(TENANT)
        get = double.get_invalidation_for_tenant if is_tenant else double.get_invalidation
        with self._reading(distribution):
            return get(caller_of(distribution), distribution.id.removeprefix(TENANT), invalidation).items

    @contextmanager
    def _reading(self, distribution: Distribution) -> Iterator[None]:
        self._killer.may_kill()
        try:
            self._roles.assume(distribution)
            yield
        except (ServiceError, ConnectionCutError, InvalidationError) as error:
            raise PurgemapError(str(error)) from error
        finally:
            self._timeline.sleep(SECONDS_PER_READ)


class SimulatedRoles:
    """Credentials of roles, as botocore fetches them from STS on first use."""

    # An hour, or as long as the function's process lives: here it is short.
    _SECONDS_UNTIL_FETCHED_AGAIN = 60

    def __init__(self, timeline: Timeline, faults: Faults) -> None:
        self._timeline = timeline
        self._trouble = faults
        self._expiry_by_role: dict[str, float] = {}

    def assume(self, distribution: Distribution) -> None:
        """Take the time that STS takes for a distribution's role; raises RefusedError where it does not answer."""
        role = distribution.role_arn
        if not role or not self._trouble.plan.slow_sts or self._timeline.clock() < self._expiry_by_role.get(role, 0):
            return
        for attempt in range(_ATTEMPTS):
            self._timeline.sleep(attempt * _SECONDS_TO_RETRY)
            seconds = self._trouble.seconds_of_sts()
            self._timeline.sleep(seconds)
            if seconds < _SECONDS_TO_GIVE_UP:
                self._expiry_by_role[role] = self._timeline.clock() + self._SECONDS_UNTIL_FETCHED_AGAIN
                return
        raise InvalidationError(FailureKind.SERVER_ERROR, "Read timeout on endpoint URL: https://sts.amazonaws.com/")


class SimulatedQueue:
    """`keeping.Queue` as `aws.SqsQueue` is: ten messages a call, and some of them not kept."""

    def __init__(self, queue: Queue, timeline: Timeline, faults: Faults) -> None:
        self._queue = queue
        self._timeline = timeline
        self._trouble = faults

    def send(self, messages: Sequence[QueueMessage]) -> list[str]:
        reasons: list[str] = []
        for start in range(0, len(messages), _ENTRIES_PER_CALL):
            self._trouble.may_kill()
            self._timeline.sleep(SECONDS_PER_CALL / 10)
            reasons += self._send(messages[start : start + _ENTRIES_PER_CALL])
            self._trouble.may_kill()
        return reasons

    def _send(self, messages: Sequence[QueueMessage]) -> list[str]:
        are_kept = [not self._trouble.strikes(self._trouble.plan.unsent) for _ in messages]
        reasons = iter(self._queue.send([*compress(messages, are_kept)]))
        return [next(reasons) if is_kept else _UNSENT for is_kept in are_kept]
