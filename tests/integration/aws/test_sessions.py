"""The function's clients, made with a tenth of botocore's handlers, do what an ordinary session's clients do.

A botocore that gives a handler another place, or adds one that these services need, fails here.
"""

import io
import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any

import botocore.session
import pytest
from botocore.awsrequest import AWSResponse
from botocore.hooks import HierarchicalEmitter
from urllib3 import HTTPResponse

from purgemap.aws import Aws, AwsCloudFront
from purgemap.aws.clients import CONFIGS, SERVICES
from purgemap.aws.errors import translate_errors
from purgemap.delivery import FailureKind, InvalidationError
from purgemap.errors import PurgemapError
from purgemap.routemap.compiled import Distribution
from support.doubles.clock import Clock
from support.doubles.cloudfront import CloudFrontDouble
from support.doubles.cloudfront_faults import Fault
from support.doubles.cloudfront_http import CloudFrontServer
from support.doubles.cloudfront_settings import Settings
from support.doubles.cloudfront_site import Site

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


def ordinary() -> MakeClient:
    """Make clients as boto3 does, with all of botocore's handlers, for the same environment and configuration."""
    session = botocore.session.Session()
    return cache(lambda service: session.create_client(service, config=CONFIGS[service]))


def requests_of(make: MakeClient) -> list[tuple[str, str, bytes, dict[str, str]]]:
    """Make every call of the function with the clients of `make`; returns what would first cross the network."""
    sent: list[tuple[str, str, bytes, dict[str, str]]] = []

    def note(request: Any, **_: Any) -> AWSResponse:
        headers = {
            name: _FEATURES.sub("", str(value)) for name, value in request.headers.items() if name not in _CHANGING
        }
        sent.append((request.method, request.url, request.body, headers))
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

# botocore's statistics: which of its features a client used.
_FEATURES = re.compile(r" m/\S+")


@pytest.fixture
def fixed_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda *_, **__: datetime(2026, 11, 12, tzinfo=UTC))


PROFILES = """\
[profile local]
region = eu-south-1
endpoint_url = http://127.0.0.1:9/all
services = stand-ins
[profile keyed]
aws_access_key_id = keyed
aws_secret_access_key = x
[services stand-ins]
sqs =
  endpoint_url = http://127.0.0.1:9/queues
"""


@pytest.mark.usefixtures("fixed_time")
@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"AWS_SESSION_TOKEN": "token"},
        {"AWS_ACCESS_KEY_ID": "", "AWS_PROFILE": "keyed"},
        {"AWS_DEFAULT_REGION": "us-east-1"},
        {"AWS_REGION": "us-west-2"},  # boto3 reads the other variable
        {"AWS_DEFAULT_REGION": None, "AWS_PROFILE": "local"},
        {"AWS_ENDPOINT_URL": "http://127.0.0.1:9/x"},
        {"AWS_ENDPOINT_URL_SQS": "http://127.0.0.1:9/x", "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:9/y"},
        {"AWS_ENDPOINT_URL": "http://127.0.0.1:9/x", "AWS_PROFILE": "local"},
        {"AWS_PROFILE": "local", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
        {"AWS_USE_FIPS_ENDPOINT": "true", "AWS_DEFAULT_REGION": "us-east-1"},
    ],
)
def test_request_and_signature_are_those_of_boto3(
    variables: dict[str, str | None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").write_text(PROFILES)
    for name, value in {"AWS_CONFIG_FILE": str(tmp_path / "config"), **variables}.items():
        monkeypatch.setenv(name, value) if value is not None else monkeypatch.delenv(name)
    ours = requests_of(Aws().client)
    assert len(ours) == len(CALLS)
    assert all("Signature=" in headers["Authorization"] for _, _, _, headers in ours)
    assert ours == requests_of(ordinary())


@pytest.fixture
def no_region(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("no_region")
def test_region_is_aws_region_where_boto3_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "us-west-2")
    assert Aws().client("sqs").meta.region_name == "us-west-2"


@pytest.mark.usefixtures("no_region")
@pytest.mark.parametrize("empty", [(), ("AWS_REGION", "AWS_DEFAULT_REGION")])
def test_global_services_need_no_region(empty: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in empty:
        monkeypatch.setenv(name, "")
    aws = Aws()
    assert aws.client("cloudfront").meta.endpoint_url == "https://cloudfront.amazonaws.com"
    assert aws.client("sts").meta.region_name == "us-east-1"


@pytest.mark.usefixtures("no_region")
def test_queue_without_region_names_what_to_set() -> None:
    message = "NoRegionError: You must specify a region; set AWS_DEFAULT_REGION, or give the profile of AWS_PROFILE a "
    with pytest.raises(PurgemapError, match=message), translate_errors():
        Aws().client("sqs")


def test_half_a_key_is_refused_when_the_clients_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(PurgemapError, match="missing: AWS_SECRET_ACCESS_KEY; set all of them, or none"):
        Aws()


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
    ours, theirs = handlers_called(Aws().client), handlers_called(ordinary())
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
    edge = AwsCloudFront(Aws(endpoint_url=url))
    created = edge.create_invalidation(Distribution("E1EXAMPLE1ABCD"), ("/a",), "once")
    assert [each.id for each in cloudfront.accepted("E1EXAMPLE1ABCD")] == [created]
    assert sum(cloudfront.ledger.outcomes().values()) == 2


def test_a_refusal_over_http_is_read_from_the_answer(double: tuple[CloudFrontDouble, str]) -> None:
    edge = AwsCloudFront(Aws(endpoint_url=double[1]))
    with pytest.raises(InvalidationError) as refused:
        edge.create_invalidation(Distribution("E9EXAMPLE9ABCD"), ("/a",), "once")
    assert refused.value.kind is FailureKind.NOT_FOUND


class _Credentials(BaseHTTPRequestHandler):
    """What Lambda serves to a function that was restored from a snapshot."""

    def do_GET(self) -> None:
        translate_errors = {
            "AccessKeyId": "contained",
            "SecretAccessKey": "x",
            "Token": "t",
            "Expiration": "2999-01-01T00:00:00Z",
        }
        body = json.dumps(translate_errors).encode()
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
        sent = requests_of(Aws().client)
        server.shutdown()
    assert len(sent) == len(CALLS)
    assert all("Credential=contained/" in headers["Authorization"] for _, _, _, headers in sent)
