"""The function's clients, made with a tenth of botocore's handlers, do what an ordinary session's clients do.

A botocore that gives a handler another place, or adds one that these services need, fails here.
"""

import io
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from types import SimpleNamespace
from typing import Any

import botocore.session
import pytest
from botocore.awsrequest import AWSResponse
from botocore.hooks import HierarchicalEmitter
from urllib3 import HTTPResponse

from doubles.clock import Clock
from doubles.cloudfront import CloudFrontDouble
from doubles.cloudfront_faults import Fault
from doubles.cloudfront_http import CloudFrontServer
from doubles.cloudfront_settings import Settings
from doubles.cloudfront_site import Site
from purgemap.aws import CONFIG, SERVICES, Aws, AwsCloudFront
from purgemap.delivery import Refusal, RefusedError
from purgemap.routes.table import Distribution

NAMES = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_REGION": "eu-west-1"}
BATCH = {"Paths": {"Quantity": 1, "Items": ["/a"]}, "CallerReference": "r"}
ROLE = {"RoleArn": "arn:aws:iam::222222222222:role/purgemap", "RoleSessionName": "purgemap"}
ENTRIES = [{"Id": "0", "MessageBody": "{}"}]
CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("cloudfront", "create_invalidation", {"DistributionId": "E1", "InvalidationBatch": BATCH}),
    ("cloudfront", "create_invalidation_for_distribution_tenant", {"Id": "dt_1", "InvalidationBatch": BATCH}),
    ("sqs", "send_message_batch", {"QueueUrl": "https://sqs.eu-west-1.amazonaws.com/1/q", "Entries": ENTRIES}),
    ("sts", "assume_role", ROLE),
]
MakeClient = Callable[[str], Any]


def ordinary(names: dict[str, str]) -> MakeClient:
    """Make clients of a session with all of botocore's handlers, for the same environment and configuration."""
    session = botocore.session.Session()
    session.set_credentials(names["AWS_ACCESS_KEY_ID"], names["AWS_SECRET_ACCESS_KEY"], names.get("AWS_SESSION_TOKEN"))
    region, url = names["AWS_REGION"], names.get("AWS_ENDPOINT_URL")
    return cache(lambda service: session.create_client(service, region_name=region, endpoint_url=url, config=CONFIG))


def requests_of(make: MakeClient) -> list[tuple[str, str, bytes, dict[str, str]]]:
    """Make every call of the function with the clients of `make`; returns what would first cross the network."""
    sent: list[tuple[str, str, bytes, dict[str, str]]] = []

    def note(request: Any, **_: Any) -> AWSResponse:
        told = {name: str(value) for name, value in request.headers.items() if name not in _CHANGING}
        sent.append((request.method, request.url, request.body, told))
        refusal = b"{}" if "//sqs" in request.url else b"<ErrorResponse/>"
        return AWSResponse(request.url, 400, {}, HTTPResponse(io.BytesIO(refusal), preload_content=False))

    for number, (service, call, arguments) in enumerate(CALLS, 1):
        client = make(service)
        client.meta.events.register("before-send", note)
        with pytest.raises(client.exceptions.ClientError):
            getattr(client, call)(**arguments)
        del sent[number:]  # what may have been tried again
    return sent


# They differ from call to call, whoever makes it.
_CHANGING = {"amz-sdk-invocation-id"}


@pytest.fixture
def fixed_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda *_, **__: datetime(2026, 11, 12, tzinfo=UTC))


@pytest.mark.usefixtures("fixed_time")
@pytest.mark.parametrize(
    "more",
    [{}, {"AWS_SESSION_TOKEN": "token"}, {"AWS_REGION": "us-east-1"}, {"AWS_ENDPOINT_URL": "http://127.0.0.1:9/x"}],
)
def test_every_request_and_its_signature_are_those_of_an_ordinary_session(more: dict[str, str]) -> None:
    names = {**NAMES, **more}
    ours = requests_of(Aws(names).client)
    assert len(ours) == len(CALLS)
    assert all("Signature=" in headers["Authorization"] for _, _, _, headers in ours)
    assert ours == requests_of(ordinary(names))


def handlers_called(make: MakeClient) -> list[tuple[str, list[str]]]:
    """Make clients of every service and every call of the function; returns each event with those that hear of it."""
    called: list[tuple[str, list[str]]] = []
    emit = HierarchicalEmitter._emit  # noqa: SLF001  which handlers botocore calls, it tells in no other way

    def note(self: Any, event_name: str, *arguments: Any, **options: Any) -> Any:
        heard = self._handlers.prefix_search(event_name)
        called.append((event_name, [getattr(each, "__qualname__", type(each).__name__) for each in heard]))
        return emit(self, event_name, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(HierarchicalEmitter, "_emit", note)
        for service in sorted(SERVICES):
            make(service)
        requests_of(make)
    return called


def test_every_event_of_a_client_is_heard_by_the_handlers_of_an_ordinary_session() -> None:
    ours, theirs = handlers_called(Aws(NAMES).client), handlers_called(ordinary(NAMES))
    assert len(theirs) > 50
    assert ours == theirs


@pytest.fixture
def double() -> Iterator[tuple[CloudFrontDouble, str]]:
    double = CloudFrontDouble(Clock(), Settings())
    double.add(Site(id="E1EXAMPLE1ABCD", bucket="site"))
    with CloudFrontServer(double) as server:
        yield double, server.url


@pytest.mark.parametrize("fault", [Fault(error="ServiceUnavailable"), Fault(error="Throttling"), Fault(cut="after")])
def test_a_call_is_tried_twice_over_http_as_one_invalidation(
    double: tuple[CloudFrontDouble, str], monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _: None))
    cloudfront, url = double
    cloudfront.faults.add(fault)
    edge = AwsCloudFront(Aws({**NAMES, "AWS_ENDPOINT_URL": url}))
    created = edge.create_invalidation(Distribution("E1EXAMPLE1ABCD"), ("/a",), "once")
    assert [each.id for each in cloudfront.accepted("E1EXAMPLE1ABCD")] == [created]
    assert sum(cloudfront.ledger.outcomes().values()) == 2


def test_a_refusal_over_http_is_read_from_the_answer(double: tuple[CloudFrontDouble, str]) -> None:
    edge = AwsCloudFront(Aws({**NAMES, "AWS_ENDPOINT_URL": double[1]}))
    with pytest.raises(RefusedError) as refused:
        edge.create_invalidation(Distribution("E9EXAMPLE9ABCD"), ("/a",), "once")
    assert refused.value.refusal is Refusal.GONE


class _Credentials(BaseHTTPRequestHandler):
    """What Lambda serves to a function that was restored from a snapshot."""

    def do_GET(self) -> None:
        told = {"AccessKeyId": "contained", "SecretAccessKey": "x", "Token": "t", "Expiration": "2999-01-01T00:00:00Z"}
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


def test_credentials_come_from_the_containers_endpoint_where_the_environment_has_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    with HTTPServer(("127.0.0.1", 0), _Credentials) as server:
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"http://127.0.0.1:{server.server_port}/")
        Thread(target=server.serve_forever, daemon=True).start()
        sent = requests_of(Aws({"AWS_REGION": "eu-west-1"}).client)
        server.shutdown()
    assert len(sent) == len(CALLS)
    assert all("Credential=contained/" in headers["Authorization"] for _, _, _, headers in sent)
