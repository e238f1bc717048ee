"""A call to CloudFront fits the time that is reserved for it, by the settings of the very clients that make it."""

import datetime as dt
from typing import Any
from unittest import mock

import pytest
from botocore.retries.standard import ExponentialBackoff

from purgemap.aws import Aws
from purgemap.call_settings import ADDRESSES, SECONDS_TO_DEFER, SECONDS_TO_START_A_CALL
from purgemap.rendering.template import load_template
from purgemap.role_credentials import RoleCredentials
from rendered import of_type

ROLE = "arn:aws:iam::222222222222:role/purgemap"


def seconds_of_attempts(client: Any) -> float:
    config = client.meta.config
    assert config.retries["mode"] == "standard"
    return float(config.retries["total_max_attempts"] * (ADDRESSES * config.connect_timeout + config.read_timeout))


def seconds_of_back_off(client: Any) -> float:
    """Add botocore's longest waits: the random number is 1, and each answer names a long wait."""
    detector = mock.Mock(is_throttling_error_from_context=lambda _: True)
    back_off = ExponentialBackoff(random=lambda: 1.0, throttling_detector=detector)
    answer = mock.Mock(headers={"x-amz-retry-after": "3600000"})
    attempts = client.meta.config.retries["total_max_attempts"]
    contexts = [mock.Mock(attempt_number=attempt, http_response=answer) for attempt in range(1, attempts)]
    return float(sum(map(back_off.delay_amount, contexts)))


def test_reserve_holds_a_slow_call_and_its_role() -> None:
    aws = Aws()
    clients = aws.client("cloudfront", ROLE), aws.client("sts")
    longest = sum(seconds_of_attempts(each) + seconds_of_back_off(each) for each in clients)
    assert seconds_of_back_off(clients[0]) >= 1
    assert longest + SECONDS_TO_DEFER <= SECONDS_TO_START_A_CALL


def test_reserve_leaves_half_of_the_functions_time() -> None:
    (function,) = of_type(load_template("template.yaml"), "AWS::Lambda::Function").values()
    assert function["Properties"]["Timeout"] >= 2 * SECONDS_TO_START_A_CALL


def test_deferring_has_time_for_one_slow_call_of_sqs() -> None:
    config = Aws().client("sqs").meta.config
    assert config.connect_timeout + config.read_timeout <= SECONDS_TO_DEFER


class Sts:
    """Hands out a session of some minutes, and counts how often."""

    def __init__(self, minutes: float) -> None:
        self.calls = 0
        self._ends = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=minutes)

    def assume_role(self, **_: str) -> dict[str, Any]:
        self.calls += 1
        session = {"AccessKeyId": "ASIA", "SecretAccessKey": "x", "SessionToken": "t", "Expiration": self._ends}
        return {"Credentials": session}


@pytest.mark.parametrize(("minutes", "calls"), [(60, 1), (14, 1), (11, 1), (9, 2)])
def test_role_is_renewed_only_when_it_has_to_be(minutes: float, calls: int) -> None:
    sts = Sts(minutes)
    credentials = RoleCredentials(lambda: sts, ROLE, None)
    for _ in range(2):
        credentials.get_frozen_credentials()
    assert sts.calls == calls
