"""The CloudFront double over sockets, called by a real boto3."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain
from threading import Event
from time import sleep
from types import SimpleNamespace
from typing import Any
from urllib.request import Request, urlopen

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ConnectionClosedError, ReadTimeoutError

from support.doubles.cloudfront import ACCOUNT, Caller, Clock, CloudFrontDouble, Fault, Settings, Site
from support.doubles.cloudfront_http import CloudFrontServer

MEMBER = "222222222222"
UNMETERED = Settings(path_rate=None, wildcard_rate=None, call_rate=None)
IMPATIENT = 0.2  # seconds until a client gives up; on a busy machine it may do so more than once
CALLERS = {"central": Caller(ACCOUNT), "member": Caller(MEMBER, "arn:aws:iam::222222222222:role/purgemap")}

Client = Any  # boto3 publishes no types of its own
Session = Callable[..., Client]


@pytest.fixture(scope="module")
def connect() -> Session:
    """Make clients of one session, which reads CloudFront's model once."""
    session = boto3.Session(region_name="us-east-1")

    def client(url: str, key_id: str = "central", *, attempts: int = 2, patience: float = 3_600) -> Client:
        retries = {"mode": "standard", "total_max_attempts": attempts}
        return session.client(
            "cloudfront",
            endpoint_url=url,
            aws_access_key_id=key_id,
            aws_secret_access_key="secret",
            config=Config(retries=retries, read_timeout=patience),
        )

    return client


@pytest.fixture
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore retries at once; the rest of the process keeps its sleep."""
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _: None))


@contextmanager
def serving(
    settings: Settings = UNMETERED, wait: Callable[[float], object] = sleep
) -> Iterator[tuple[CloudFrontDouble, str]]:
    double = CloudFrontDouble(Clock(), settings, wait=wait)
    double.add(
        Site(id="E1", bucket="site"),
        Site(id="E9", bucket="site", account=MEMBER),
        Site(id="dt_1", bucket="site", tenant=True),
    )
    with CloudFrontServer(double, CALLERS.get) as server:
        yield double, server.url


@contextmanager
def serving_one_late() -> Iterator[tuple[CloudFrontDouble, str]]:
    """Answer the first call only once the block is over: later than any client waits."""
    is_over = Event()
    with serving(wait=is_over.wait) as served:
        served[0].faults.add(Fault(delay=3_600))
        try:
            yield served
        finally:
            is_over.set()


def batch(*items: str, reference: str = "once", quantity: int | None = None) -> dict[str, Any]:
    paths = {"Quantity": len(items) if quantity is None else quantity, "Items": [*items]}
    return {"Paths": paths, "CallerReference": reference}


def refusal_of(call: Callable[[], object]) -> tuple[str, int]:
    with pytest.raises(ClientError) as refused:
        call()
    answer = refused.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


def test_boto3_creates_an_invalidation_and_gets_it_again(connect: Session) -> None:
    items = ("/a&b", "/<".replace("<", "%3C"), "/*", "#tag<&>")
    with serving() as (double, url):
        client = connect(url)
        created = client.create_invalidation(DistributionId="E1", InvalidationBatch=batch(*items))
        got = client.get_invalidation(DistributionId="E1", Id=created["Invalidation"]["Id"])
    assert created["Location"].endswith(f"/2020-05-31/distribution/E1/invalidation/{double.accepted('E1')[0].id}")
    assert created["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert created["Invalidation"] == got["Invalidation"]
    assert got["Invalidation"]["Status"] == "InProgress"
    assert got["Invalidation"]["InvalidationBatch"] == batch(*items)
    assert got["Invalidation"]["CreateTime"].timestamp() == double.accepted("E1")[0].created


def test_the_endpoint_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as (double, url):
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "central")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        client = boto3.session.Session().client("cloudfront", region_name="eu-central-1")
        client.create_invalidation(DistributionId="E1", InvalidationBatch=batch("/a"))
        assert double.accepted("E1")[0].items == ("/a",)


def test_boto3s_waiter_sees_an_invalidation_complete(connect: Session) -> None:
    with serving(replace(UNMETERED, seconds_to_complete=0)) as (_, url):
        client = connect(url)
        created = client.create_invalidation(DistributionId="E1", InvalidationBatch=batch("/a"))
        client.get_waiter("invalidation_completed").wait(
            DistributionId="E1", Id=created["Invalidation"]["Id"], WaiterConfig={"Delay": 0, "MaxAttempts": 1}
        )


def test_boto3s_paginator_lists_the_newest_first(connect: Session) -> None:
    with serving() as (double, url):
        client = connect(url)
        for number in range(5):
            double.create_invalidation(ACCOUNT, "E1", ["/a"], f"{number}")
        pages = client.get_paginator("list_invalidations").paginate(
            DistributionId="E1", PaginationConfig={"PageSize": 2}
        )
        ids = [[each["Id"] for each in page["InvalidationList"]["Items"]] for page in pages]
    assert [len(page) for page in ids] == [2, 2, 1]
    assert [*chain(*ids)] == [each.id for each in double.accepted("E1")][::-1]


def test_tenants_have_their_own_operations(connect: Session) -> None:
    with serving() as (double, url):
        client = connect(url)
        created = client.create_invalidation_for_distribution_tenant(Id="dt_1", InvalidationBatch=batch("/a", "#t"))
        id_ = created["Invalidation"]["Id"]
        got = client.get_invalidation_for_distribution_tenant(DistributionTenantId="dt_1", Id=id_)
        listed = client.list_invalidations_for_distribution_tenant(Id="dt_1", MaxItems=1)
        unknown = refusal_of(
            lambda: client.create_invalidation_for_distribution_tenant(Id="dt_2", InvalidationBatch=batch("/a"))
        )
    assert double.accepted("dt_1")[0].items == ("/a", "#t")
    assert got["Invalidation"]["Id"] == listed["InvalidationList"]["Items"][0]["Id"] == id_
    assert unknown == ("EntityNotFound", 404)


@pytest.mark.parametrize(
    ("distribution", "request_batch", "refusal"),
    [
        ("E404", batch("/a"), ("NoSuchDistribution", 404)),
        ("E9", batch("/a"), ("NoSuchDistribution", 404)),
        ("E1", batch("/a~"), ("InvalidArgument", 400)),
        ("E1", batch("/a b"), ("InvalidArgument", 400)),
        ("E1", batch("/\u20ac"), ("InvalidArgument", 400)),
        ("E1", batch("/a", quantity=2), ("InconsistentQuantities", 400)),
        ("E1", batch(), ("InconsistentQuantities", 400)),
        ("E1", batch(*(f"/{number}" for number in range(3_001))), ("BatchTooLarge", 413)),
        ("E1", batch(*(f"/{number}*" for number in range(16))), ("TooManyInvalidationsInProgress", 400)),
    ],
)
def test_refusals_reach_boto3_with_their_code_and_status(
    connect: Session, distribution: str, request_batch: dict[str, Any], refusal: tuple[str, int]
) -> None:
    with serving() as (double, url):
        client = connect(url)
        assert (
            refusal_of(lambda: client.create_invalidation(DistributionId=distribution, InvalidationBatch=request_batch))
            == refusal
        )
        assert double.ledger.outcomes() == {refusal[0]: 1}  # botocore retries none of these


def test_modelled_errors_are_boto3s_own_exceptions(connect: Session) -> None:
    with serving() as (_, url):
        client = connect(url)
        with pytest.raises(client.exceptions.NoSuchInvalidation) as refused:
            client.get_invalidation(DistributionId="E1", Id="I404")
    assert refused.value.response["ResponseMetadata"]["RequestId"]


def test_a_reference_reused_with_other_items_is_refused_over_http(connect: Session) -> None:
    with serving() as (_, url):
        client = connect(url)
        client.create_invalidation(DistributionId="E1", InvalidationBatch=batch("/a"))
        with pytest.raises(ClientError, match="was used for a previous invalidation batch for the same distribution"):
            client.create_invalidation(DistributionId="E1", InvalidationBatch=batch("/b"))


def test_the_access_key_says_which_account_and_role_call(connect: Session) -> None:
    with serving(replace(UNMETERED, denied=frozenset({ACCOUNT}))) as (double, url):
        connect(url, "member").create_invalidation(DistributionId="E9", InvalidationBatch=batch("/a"))
        denied = refusal_of(
            lambda: connect(url).create_invalidation(DistributionId="E1", InvalidationBatch=batch("/a"))
        )
        unknown = refusal_of(
            lambda: connect(url, "stolen").create_invalidation(DistributionId="E1", InvalidationBatch=batch("/a"))
        )
    assert double.ledger.log[0].call[1:4] == (*CALLERS["member"], "E9")
    assert denied == ("AccessDenied", 403)
    assert unknown == ("InvalidClientTokenId", 403)


@pytest.mark.usefixtures("no_pause")
@pytest.mark.parametrize("code", ["Throttling", "ServiceUnavailable", "InternalFailure"])
def test_botocore_retries_what_may_pass(connect: Session, code: str) -> None:
    with serving() as (double, url):
        double.faults.add(Fault(error=code))
        created = connect(url).create_invalidation(DistributionId="E1", InvalidationBatch=batch("/a"))
    assert created["ResponseMetadata"]["RetryAttempts"] == 1
    assert double.ledger.outcomes() == {code: 1, "accepted": 1}


def test_botocore_retries_no_full_quota(connect: Session) -> None:
    with serving() as (double, url):
        double.faults.add(Fault(error="TooManyInvalidationsInProgress"))
        client = connect(url)
        refusal = refusal_of(lambda: client.create_invalidation(DistributionId="E1", InvalidationBatch=batch("/a")))
    assert refusal == ("TooManyInvalidationsInProgress", 400)


def test_the_accounts_call_rate_outlasts_botocores_retries(connect: Session) -> None:
    with serving(Settings()) as (double, url):
        client = connect(url, attempts=1)
        for number in range(10):
            client.create_invalidation(DistributionId="E1", InvalidationBatch=batch("/a", reference=f"{number}"))
        refusal = refusal_of(
            lambda: client.create_invalidation(DistributionId="E1", InvalidationBatch=batch("/a", reference="11"))
        )
    assert refusal == ("Throttling", 400)
    assert double.ledger.outcomes() == {"accepted": 10, "Throttling": 1}


@pytest.mark.usefixtures("no_pause")
def test_a_processed_then_cut_connection_is_retried_by_botocore_as_the_same_invalidation(connect: Session) -> None:
    with serving() as (double, url):
        double.faults.add(Fault(cut="after"))
        created = connect(url).create_invalidation(DistributionId="E1", InvalidationBatch=batch("/a"))
        assert [each.id for each in double.accepted("E1")] == [created["Invalidation"]["Id"]]
    assert double.ledger.outcomes() == {"accepted+cut": 1, "replayed": 1}
    assert double.ledger.billed_paths == {ACCOUNT: 1}


@pytest.mark.usefixtures("no_pause")
@pytest.mark.parametrize(("cut", "accepted"), [("before", 0), ("after", 1)])
def test_a_connection_cut_every_time_is_closed_in_boto3s_face(connect: Session, cut: Any, accepted: int) -> None:
    with serving() as (double, url):
        double.faults.add(Fault(cut=cut, times=2))
        with pytest.raises(ConnectionClosedError):
            connect(url).create_invalidation(DistributionId="E1", InvalidationBatch=batch("/a"))
        assert len(double.accepted("E1")) == accepted


@pytest.mark.usefixtures("no_pause")
def test_an_answer_slower_than_the_clients_patience_is_retried_as_the_same_invalidation(connect: Session) -> None:
    with serving_one_late() as (double, url):
        client = connect(url, attempts=1_000, patience=IMPATIENT)
        created = client.create_invalidation(DistributionId="E1", InvalidationBatch=batch("/a"))
    assert created["ResponseMetadata"]["RetryAttempts"] > 0
    assert len(double.accepted("E1")) == 1


def test_an_answer_slower_than_the_clients_patience_is_a_timeout(connect: Session) -> None:
    with serving_one_late() as (_, url):
        client = connect(url, attempts=1, patience=IMPATIENT)
        with pytest.raises(ReadTimeoutError):
            client.create_invalidation(DistributionId="E1", InvalidationBatch=batch("/a"))


def test_a_slow_answer_holds_up_nobody_else(connect: Session) -> None:
    others_are_done = Event()
    with serving(wait=others_are_done.wait) as (double, url), ThreadPoolExecutor() as pool:
        double.faults.add(Fault(distribution="E1", delay=3_600))
        slow = pool.submit(connect(url).create_invalidation, DistributionId="E1", InvalidationBatch=batch("/a"))
        connect(url, "member").create_invalidation(DistributionId="E9", InvalidationBatch=batch("/a"))
        others_are_done.set()
        slow.result()
    assert [record.call.distribution for record in double.ledger.log] == ["E9", "E1"]


def test_a_closed_server_answers_nobody_any_more(connect: Session) -> None:
    with serving() as (double, url):
        client = connect(url, attempts=1)
        client.list_invalidations(DistributionId="E1")
    with pytest.raises(BotoCoreError):
        client.list_invalidations(DistributionId="E1")  # on a connection that was kept alive
    assert double.ledger.outcomes() == {"answered": 1}


def test_concurrent_calls_are_all_counted_and_none_is_above_the_quota(connect: Session) -> None:
    with serving() as (double, url), ThreadPoolExecutor(8) as pool:
        client = connect(url)

        def create(number: int) -> str:
            try:
                client.create_invalidation(DistributionId="E1", InvalidationBatch=batch("/*", reference=f"{number}"))
            except ClientError as refused:
                return str(refused.response["Error"]["Code"])
            return "accepted"

        outcomes = [*pool.map(create, range(40))]
    assert outcomes.count("accepted") == 15
    assert double.ledger.outcomes() == {"accepted": 15, "TooManyInvalidationsInProgress": 25}


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/2020-05-31/distribution/E1/invalidation", b"", 400, "MissingBody"),
        ("/2020-05-31/distribution/E1/invalidation", b"<InvalidationBatch>", 400, "MalformedXML"),
        ("/2020-05-31/distribution/E1/elsewhere", b"<x/>", 404, "NoSuchResource"),
    ],
)
def test_what_boto3_would_never_send_is_refused_too(path: str, body: bytes, status: int, code: str) -> None:
    with serving() as (_, url):
        headers = {"Authorization": "AWS4-HMAC-SHA256 Credential=central/20260101/us-east-1/cloudfront/aws4_request"}
        request = Request(url + path, data=body, headers=headers, method="POST")
        with pytest.raises(OSError, match=f"HTTP Error {status}") as refused:
            urlopen(request)
        with refused.value:  # type: ignore[attr-defined] # an HTTPError is a response, too
            assert f"<Code>{code}</Code>" in refused.value.read().decode()  # type: ignore[attr-defined]
