"""The CloudFront double over sockets, called by a real boto3."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import chain
from typing import Any
from urllib.request import Request, urlopen

import boto3
import pytest
from botocore.exceptions import BotoCoreError, ClientError

from support.double_over_http import CALLERS, Session, batch, refusal, serving
from support.double_with_sites import UNMETERED
from support.doubles.cloudfront import ACCOUNT

pytest_plugins = ["support.double_fixtures"]


def test_http_create_and_get_return_the_same_invalidation(connect: Session) -> None:
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


def test_http_endpoint_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as (double, url):
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "central")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        client = boto3.session.Session().client("cloudfront", region_name="eu-central-1")
        client.create_invalidation(DistributionId="E1", InvalidationBatch=batch("/a"))
        assert double.accepted("E1")[0].items == ("/a",)


def test_http_serves_boto3s_waiter(connect: Session) -> None:
    with serving(replace(UNMETERED, seconds_to_complete=0)) as (_, url):
        client = connect(url)
        created = client.create_invalidation(DistributionId="E1", InvalidationBatch=batch("/a"))
        client.get_waiter("invalidation_completed").wait(
            DistributionId="E1", Id=created["Invalidation"]["Id"], WaiterConfig={"Delay": 0, "MaxAttempts": 1}
        )


def test_http_serves_boto3s_paginator_newest_first(connect: Session) -> None:
    with serving() as (double, url):
        client = connect(url)
        for number in range(5):
            double.create_invalidation(ACCOUNT, "E1", ["/a"], f"{number}")
        pages = client.get_paginator("list_invalidations").paginate(
            DistributionId="E1", PaginationConfig={"PageSize": 2}
        )
        ids = [[item["Id"] for item in page["InvalidationList"]["Items"]] for page in pages]
    assert [len(page) for page in ids] == [2, 2, 1]
    assert [*chain(*ids)] == [invalidation.id for invalidation in double.accepted("E1")][::-1]


def test_http_tenants_have_their_own_operations(connect: Session) -> None:
    with serving() as (double, url):
        client = connect(url)
        created = client.create_invalidation_for_distribution_tenant(Id="dt_1", InvalidationBatch=batch("/a", "#t"))
        id_ = created["Invalidation"]["Id"]
        got = client.get_invalidation_for_distribution_tenant(DistributionTenantId="dt_1", Id=id_)
        listed = client.list_invalidations_for_distribution_tenant(Id="dt_1", MaxItems=1)
        unknown = refusal(
            lambda: client.create_invalidation_for_distribution_tenant(Id="dt_2", InvalidationBatch=batch("/a"))
        )
    assert double.accepted("dt_1")[0].items == ("/a", "#t")
    assert got["Invalidation"]["Id"] == listed["InvalidationList"]["Items"][0]["Id"] == id_
    assert unknown == ("EntityNotFound", 404)


@pytest.mark.parametrize(
    ("distribution", "request_batch", "expected"),
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
def test_http_refusals_have_their_code_and_status(
    connect: Session, distribution: str, request_batch: dict[str, Any], expected: tuple[str, int]
) -> None:
    with serving() as (double, url):
        client = connect(url)
        assert (
            refusal(lambda: client.create_invalidation(DistributionId=distribution, InvalidationBatch=request_batch))
            == expected
        )
        assert double.ledger.outcomes() == {expected[0]: 1}  # botocore retries none of these


def test_http_modelled_errors_are_boto3s_exceptions(connect: Session) -> None:
    with serving() as (_, url):
        client = connect(url)
        with pytest.raises(client.exceptions.NoSuchInvalidation) as refused:
            client.get_invalidation(DistributionId="E1", Id="I404")
    assert refused.value.response["ResponseMetadata"]["RequestId"]


def test_http_reference_with_other_items_is_refused(connect: Session) -> None:
    with serving() as (_, url):
        client = connect(url)
        client.create_invalidation(DistributionId="E1", InvalidationBatch=batch("/a"))
        with pytest.raises(ClientError, match="was used for a previous invalidation batch for the same distribution"):
            client.create_invalidation(DistributionId="E1", InvalidationBatch=batch("/b"))


def test_http_access_key_names_account_and_role(connect: Session) -> None:
    with serving(replace(UNMETERED, denied=frozenset({ACCOUNT}))) as (double, url):
        connect(url, "member").create_invalidation(DistributionId="E9", InvalidationBatch=batch("/a"))
        denied = refusal(lambda: connect(url).create_invalidation(DistributionId="E1", InvalidationBatch=batch("/a")))
        unknown = refusal(
            lambda: connect(url, "stolen").create_invalidation(DistributionId="E1", InvalidationBatch=batch("/a"))
        )
    assert double.ledger.log[0].call[1:4] == (*CALLERS["member"], "E9")
    assert denied == ("AccessDenied", 403)
    assert unknown == ("InvalidClientTokenId", 403)


def test_http_closed_server_does_not_answer(connect: Session) -> None:
    with serving() as (double, url):
        client = connect(url, attempts=1)
        client.list_invalidations(DistributionId="E1")
    with pytest.raises(BotoCoreError):
        client.list_invalidations(DistributionId="E1")  # on a connection that was kept alive
    assert double.ledger.outcomes() == {"answered": 1}


def test_http_concurrent_calls_stay_within_the_quota(connect: Session) -> None:
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
def test_http_requests_that_boto3_never_sends_are_refused(path: str, body: bytes, status: int, code: str) -> None:
    with serving() as (_, url):
        headers = {"Authorization": "AWS4-HMAC-SHA256 Credential=central/20260101/us-east-1/cloudfront/aws4_request"}
        request = Request(url + path, data=body, headers=headers, method="POST")
        with pytest.raises(OSError, match=f"HTTP Error {status}") as refused:
            urlopen(request)
        with refused.value:  # type: ignore[attr-defined] # an HTTPError is a response, too
            assert f"<Code>{code}</Code>" in refused.value.read().decode()  # type: ignore[attr-defined]
