"""The CloudFront double's faults over sockets, and how botocore retries them."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError

from support.double_over_http import READ_TIMEOUT, Session, batch, refusal, serving, serving_one_late
from support.doubles.cloudfront import ACCOUNT, Fault, Settings

pytest_plugins = ["support.double_fixtures"]


@pytest.mark.usefixtures("no_pause")
@pytest.mark.parametrize("code", ["Throttling", "ServiceUnavailable", "InternalFailure"])
def test_http_transient_errors_are_retried_by_botocore(connect: Session, code: str) -> None:
    with serving() as (double, url):
        double.faults.add(Fault(error=code))
        created = connect(url).create_invalidation(DistributionId="E1", InvalidationBatch=batch("/a"))
    assert created["ResponseMetadata"]["RetryAttempts"] == 1
    assert double.ledger.outcomes() == {code: 1, "accepted": 1}


def test_http_full_quota_is_not_retried_by_botocore(connect: Session) -> None:
    with serving() as (double, url):
        double.faults.add(Fault(error="TooManyInvalidationsInProgress"))
        client = connect(url)
        answer = refusal(lambda: client.create_invalidation(DistributionId="E1", InvalidationBatch=batch("/a")))
    assert answer == ("TooManyInvalidationsInProgress", 400)


def test_http_call_rate_is_throttled(connect: Session) -> None:
    with serving(Settings()) as (double, url):
        client = connect(url, attempts=1)
        for number in range(10):
            client.create_invalidation(DistributionId="E1", InvalidationBatch=batch("/a", reference=f"{number}"))
        answer = refusal(
            lambda: client.create_invalidation(DistributionId="E1", InvalidationBatch=batch("/a", reference="11"))
        )
    assert answer == ("Throttling", 400)
    assert double.ledger.outcomes() == {"accepted": 10, "Throttling": 1}


@pytest.mark.usefixtures("no_pause")
def test_http_cut_after_processing_is_retried_as_the_same(connect: Session) -> None:
    with serving() as (double, url):
        double.faults.add(Fault(cut="after"))
        created = connect(url).create_invalidation(DistributionId="E1", InvalidationBatch=batch("/a"))
        assert [invalidation.id for invalidation in double.accepted("E1")] == [created["Invalidation"]["Id"]]
    assert double.ledger.outcomes() == {"accepted+cut": 1, "replayed": 1}
    assert double.ledger.billed_paths == {ACCOUNT: 1}


@pytest.mark.usefixtures("no_pause")
@pytest.mark.parametrize(("cut", "accepted"), [("before", 0), ("after", 1)])
def test_http_connection_cut_every_time_raises_in_boto3(connect: Session, cut: Any, accepted: int) -> None:
    with serving() as (double, url):
        double.faults.add(Fault(cut=cut, times=2))
        with pytest.raises(ConnectionClosedError):
            connect(url).create_invalidation(DistributionId="E1", InvalidationBatch=batch("/a"))
        assert len(double.accepted("E1")) == accepted


@pytest.mark.usefixtures("no_pause")
def test_http_slow_answer_is_retried_as_the_same_invalidation(connect: Session) -> None:
    with serving_one_late() as (double, url):
        client = connect(url, attempts=1_000, read_timeout=READ_TIMEOUT)
        created = client.create_invalidation(DistributionId="E1", InvalidationBatch=batch("/a"))
    assert created["ResponseMetadata"]["RetryAttempts"] > 0
    assert len(double.accepted("E1")) == 1


def test_http_slow_answer_times_out_without_retries(connect: Session) -> None:
    with serving_one_late() as (_, url):
        client = connect(url, attempts=1, read_timeout=READ_TIMEOUT)
        with pytest.raises(ReadTimeoutError):
            client.create_invalidation(DistributionId="E1", InvalidationBatch=batch("/a"))


def test_http_slow_answer_does_not_delay_other_calls(connect: Session) -> None:
    others_are_done = Event()
    with serving(wait=others_are_done.wait) as (double, url), ThreadPoolExecutor() as pool:
        double.faults.add(Fault(distribution="E1", delay=3_600))
        slow = pool.submit(connect(url).create_invalidation, DistributionId="E1", InvalidationBatch=batch("/a"))
        connect(url, "member").create_invalidation(DistributionId="E9", InvalidationBatch=batch("/a"))
        others_are_done.set()
        slow.result()
    assert [record.call.distribution for record in double.ledger.log] == ["E9", "E1"]
