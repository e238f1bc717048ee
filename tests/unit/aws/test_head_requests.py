"""The requests for heads, which repeat botocore's for another key."""

from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError, ConnectionClosedError

from purgemap.aws import LEDGER_CALL, Aws
from purgemap.aws.ledger.head_requests import HeadRequests

HEADERS = {"ETag": '"1"', "Last-Modified": "Sun, 29 Nov 2026 08:00:00 GMT", "Content-Length": "5"}
KEYS = ["a", "b ü/../+~%25?#&=.html", "c//d", "/e"]


class Body:
    """An empty body."""

    def stream(self) -> list[bytes]:
        return []


class Session:
    """botocore's connections: they note requests, and answer with the statuses and errors that a test queues."""

    def __init__(self) -> None:
        self.requests: list[Any] = []
        self.answers: list[int | Exception] = []

    def send(self, request: Any) -> AWSResponse:
        self.requests.append(request)
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, Exception):
            raise answer
        return AWSResponse(request.url, answer, HEADERS if answer == 200 else {}, Body())

    def close(self) -> None:
        pass


@pytest.fixture
def session() -> Session:
    return Session()


@pytest.fixture
def requests(session: Session) -> HeadRequests:
    client = Aws(region="eu-west-1", ledger_call=LEDGER_CALL).client("s3")
    client._endpoint.http_session = session  # noqa: SLF001  below botocore, there is no other place to listen
    return HeadRequests(client)


def described(request: Any) -> tuple[str, str, dict[str, str], str]:
    texts = {name: value if isinstance(value, str) else value.decode() for name, value in request.headers.items()}
    headers = {name.lower(): text for name, text in texts.items()}
    amz = {name: value for name, value in headers.items() if name.startswith("x-amz-") and name != "x-amz-date"}
    scope = headers["authorization"].partition("SignedHeaders")[0]
    return request.method, request.url, amz, scope


@pytest.mark.parametrize("bucket", ["site", "www.example.com"])
def test_repeated_request_equals_botocores(requests: HeadRequests, session: Session, bucket: str) -> None:
    for key in KEYS:
        requests._client.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")  # noqa: SLF001
    expected = [described(request) for request in session.requests]
    session.requests.clear()
    requests.read(bucket, "first")
    for key in KEYS:
        requests.read(bucket, key)
    assert [described(request) for request in session.requests[1:]] == expected


@pytest.mark.parametrize("status", [403, 404])
def test_final_answer_is_not_requested_twice(requests: HeadRequests, session: Session, status: int) -> None:
    requests.read("site", "first")
    session.answers = [status]
    with pytest.raises(ClientError, match=rf"\({status}\) when calling the HeadObject"):
        requests.read("site", "a")
    assert len(session.requests) == 2


@pytest.mark.parametrize("answer", [500, ConnectionClosedError(endpoint_url="https://site")])
def test_botocore_repeats_what_failed(requests: HeadRequests, session: Session, answer: int | Exception) -> None:
    requests.read("site", "first")
    session.answers = [answer]
    assert requests.read("site", "a")["ETag"] == '"1"'
    assert len(session.requests) == 3


def test_buckets_have_endpoints_of_their_own(requests: HeadRequests, session: Session) -> None:
    for bucket in ("site", "other", "site", "other"):
        requests.read(bucket, "a")
    assert [request.url for request in session.requests] == [
        "https://site.s3.eu-west-1.amazonaws.com/a",
        "https://other.s3.eu-west-1.amazonaws.com/a",
    ] * 2
