"""The settings of AWS clients: a call ends within the time that is reserved for it."""

import datetime as dt
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest
from botocore.retries.standard import ExponentialBackoff

from purgemap.aws.clients import Aws
from purgemap.aws.role_credentials import RoleCredentials
from purgemap.delivery import DailyBudgets, InvalidationPage, ListedInvalidation, RateLimit
from purgemap.delivery.call_settings import ENQUEUE_SECONDS, MAX_ADDRESSES, MIN_SECONDS_FOR_CALL
from purgemap.deployment.template.yaml_template import load_template
from purgemap.jobs import Job, PendingJob
from purgemap.routemap.compiled import Distribution
from support.delivery import deliver
from support.doubles.clock import Clock
from support.doubles.memory import MemoryCloudFront
from support.rendered import of_type

ROLE = "arn:aws:iam::222222222222:role/purgemap"


def seconds_of_attempts(client: Any) -> float:
    config = client.meta.config
    assert config.retries["mode"] == "standard"
    return float(config.retries["total_max_attempts"] * (MAX_ADDRESSES * config.connect_timeout + config.read_timeout))


def seconds_of_back_off(client: Any) -> float:
    """Add botocore's longest waits: the random number is 1, and each response names a long wait."""
    detector = mock.Mock(is_throttling_error_from_context=lambda _: True)
    back_off = ExponentialBackoff(random=lambda: 1.0, throttling_detector=detector)
    answer = mock.Mock(headers={"x-amz-retry-after": "3600000"})
    attempts = client.meta.config.retries["total_max_attempts"]
    contexts = [mock.Mock(attempt_number=attempt, http_response=answer) for attempt in range(1, attempts)]
    return float(sum(map(back_off.delay_amount, contexts)))


def test_reserved_seconds_cover_slow_call_with_role() -> None:
    aws = Aws()
    clients = aws.client("cloudfront", ROLE), aws.client("sts")
    longest = sum(seconds_of_attempts(client) + seconds_of_back_off(client) for client in clients)
    assert seconds_of_back_off(clients[0]) >= 1
    assert longest + ENQUEUE_SECONDS <= MIN_SECONDS_FOR_CALL


def test_reserved_seconds_leave_half_of_the_timeout() -> None:
    (function,) = of_type(load_template("template.yaml"), "AWS::Lambda::Function").values()
    assert function["Properties"]["Timeout"] >= 2 * MIN_SECONDS_FOR_CALL


def test_enqueue_seconds_cover_slow_call_of_sqs() -> None:
    config = Aws().client("sqs").meta.config
    assert config.connect_timeout + config.read_timeout <= ENQUEUE_SECONDS


class Sts:
    """Issues sessions of some minutes and counts them."""

    def __init__(self, minutes: float) -> None:
        self.calls = 0
        self._ends = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=minutes)

    def assume_role(self, **_: str) -> dict[str, Any]:
        self.calls += 1
        session = {"AccessKeyId": "ASIA", "SecretAccessKey": "x", "SessionToken": "t", "Expiration": self._ends}
        return {"Credentials": session}


@pytest.mark.parametrize(("minutes", "calls"), [(60, 1), (14, 1), (11, 1), (9, 2)])
def test_role_credentials_are_renewed_only_when_necessary(minutes: float, calls: int) -> None:
    sts = Sts(minutes)
    credentials = RoleCredentials(lambda: sts, ROLE, None)
    for _ in range(2):
        credentials.get_frozen_credentials()
    assert sts.calls == calls


class SlowCloudFront(MemoryCloudFront):
    """Takes the longest time of a call, and records the seconds left before each call."""

    def __init__(self, clock: Clock, seconds_left: Callable[[], float]) -> None:
        super().__init__()
        self.seconds_left_before_calls: list[float] = []
        self._clock = clock
        self._seconds_left = seconds_left

    def create_invalidation(self, distribution: Distribution, items: tuple[str, ...], caller_reference: str) -> str:
        self._wait()
        return super().create_invalidation(distribution, items, caller_reference)

    def list_page(self, distribution: Distribution, marker: str) -> InvalidationPage:
        self._wait()
        return InvalidationPage(
            [ListedInvalidation(f"{distribution.id}-{marker}-{n}", self._clock() - 1_000) for n in range(100)],
            f"{marker}x",
        )

    def read_items(self, distribution: Distribution, invalidation: str) -> tuple[str, ...]:  # noqa: ARG002
        self._wait()
        return ("/a",) * 100

    def _wait(self) -> None:
        self.seconds_left_before_calls.append(self._seconds_left())
        self._clock.advance(MIN_SECONDS_FOR_CALL - ENQUEUE_SECONDS)


@pytest.mark.parametrize("held_seconds", [None, -10, 10])
@pytest.mark.parametrize("seconds", [30, 40, 53, 54, 60, 300])
def test_sender_starts_no_call_or_read_that_does_not_fit(seconds: float, held_seconds: float | None) -> None:
    clock = Clock()
    deadline = clock() + seconds
    cloudfront = SlowCloudFront(clock, lambda: deadline - clock())
    rate_limit = RateLimit(now=clock, seconds_left=lambda: deadline - clock(), sleep=clock.advance)
    held_until = 0.0 if held_seconds is None else clock() + held_seconds
    pending_jobs = [
        PendingJob(
            Job(id_, {"/a": "/"}, ("m",), clock(), 1, held_until=held_until), Distribution(id_, max_paths_per_day=50)
        )
        for id_ in ("E1EXAMPLE1ABCD", "E2EXAMPLE2ABCD", "E3EXAMPLE3ABCD")
    ]
    outcomes = deliver(pending_jobs, cloudfront, rate_limit, budgets=DailyBudgets(cloudfront))
    assert len(outcomes) == len(pending_jobs)
    assert cloudfront.seconds_left_before_calls
    assert min(cloudfront.seconds_left_before_calls) >= MIN_SECONDS_FOR_CALL
    assert deadline - clock() >= ENQUEUE_SECONDS
