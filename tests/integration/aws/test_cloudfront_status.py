"""Invalidations and their progress, read from the strict CloudFront double over HTTP."""

import pytest

from purgemap.aws.clients import Aws
from purgemap.aws.monitoring.cloudfront_status import AwsInvalidations
from purgemap.errors import PurgemapError
from purgemap.routemap.compiled import Distribution
from support.doubles.cloudfront import ACCOUNT, Clock, CloudFrontDouble, Fault, Settings, Site
from support.doubles.cloudfront_http import CloudFrontServer
from support.ids import E1


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def double(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> CloudFrontDouble:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _seconds: None)
    double = CloudFrontDouble(clock, Settings(path_rate=None, wildcard_rate=None, call_rate=None))
    double.add(Site(id=E1, bucket="site"), Site(id="dt_1", bucket="site", tenant=True))
    return double


def connect(server: CloudFrontServer, slept: list[float]) -> AwsInvalidations:
    return AwsInvalidations(Aws(endpoint_url=server.url), slept.append)


def test_in_progress_lists_tenants_by_their_own_api(double: CloudFrontDouble) -> None:
    created = double.create_invalidation_for_tenant(ACCOUNT, "dt_1", ["/x"], "once")
    with CloudFrontServer(double) as server:
        progress = connect(server, []).in_progress(Distribution("tenant:dt_1"))
        with pytest.raises(PurgemapError, match="EntityNotFound"):
            connect(server, []).in_progress(Distribution("tenant:dt_2"))
    assert ([each.id for each in progress.invalidations], progress.is_all) == ([created.id], True)


def test_in_progress_reads_at_most_three_pages(double: CloudFrontDouble) -> None:
    with CloudFrontServer(double) as server:
        for start, count, expected in ((0, 150, (150, True)), (150, 350, (300, False))):
            for n in range(start, count):
                double.create_invalidation(ACCOUNT, E1, [f"/{n}"], f"reference {n}")
            progress = connect(server, []).in_progress(Distribution(E1))
            assert (len(progress.invalidations), progress.is_all) == expected


def test_in_progress_retries_throttled_call_after_wait(double: CloudFrontDouble) -> None:
    slept: list[float] = []
    with CloudFrontServer(double) as server:
        # One call of ours is two attempts of botocore's
        double.faults.add(Fault(operation="ListInvalidations", error="Throttling", times=2))
        assert connect(server, slept).in_progress(Distribution(E1)).is_all
    assert slept == [0.25, 2, 0.25]


@pytest.mark.parametrize("distribution", [E1, "tenant:dt_1"])
def test_states_and_items_are_read_by_page(clock: Clock, double: CloudFrontDouble, distribution: str) -> None:
    is_tenant = distribution.startswith("tenant:")
    create = double.create_invalidation_for_tenant if is_tenant else double.create_invalidation
    created = [create(ACCOUNT, distribution.removeprefix("tenant:"), [f"/{n}"], f"r{n}") for n in range(101)]
    clock.advance(25)
    new = create(ACCOUNT, distribution.removeprefix("tenant:"), ["/new"], "new")
    with CloudFrontServer(double) as server:
        invalidations = connect(server, [])
        first, marker = invalidations.list_page(Distribution(distribution), "")
        second, end = invalidations.list_page(Distribution(distribution), marker)
        items = invalidations.read_items(Distribution(distribution), created[0].id)
    states = [*first, *second]
    assert [state.id for state in states] == [new.id, *(each.id for each in reversed(created))]
    assert [state.is_completed for state in states] == [False, *[True] * 101]
    assert (states[0].created, len(first), end, items) == (new.created, 100, "", ("/0",))


def test_items_are_read_again_after_throttling(double: CloudFrontDouble) -> None:
    slept: list[float] = []
    created = double.create_invalidation(ACCOUNT, E1, ["/x"], "once")
    with CloudFrontServer(double) as server:
        double.faults.add(Fault(operation="GetInvalidation", error="Throttling", times=2))
        assert connect(server, slept).read_items(Distribution(E1), created.id) == ("/x",)
    assert slept == [0.25, 2, 0.25]
