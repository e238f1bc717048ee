"""The function's clients have a tenth of botocore's handlers, and behave as an ordinary session's clients.

These tests fail for a botocore that moves a handler, or adds one that these services need.
"""

import io
import json
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import botocore.session
import pytest
from botocore.awsrequest import AWSResponse
from botocore.hooks import HierarchicalEmitter
from urllib3 import HTTPResponse

from purgemap.aws import Aws, AwsCloudFront
from purgemap.aws.clients import SERVICES, client_config
from purgemap.aws.errors import translate_errors
from purgemap.delivery import CALL, FailureKind, InvalidationError
from purgemap.errors import PurgemapError
from purgemap.routemap.compiled import Distribution
from support.doubles.clock import Clock
from support.doubles.cloudfront import CloudFrontDouble
from support.doubles.cloudfront_faults import Fault
from support.doubles.cloudfront_http import CloudFrontServer
from support.doubles.cloudfront_settings import Settings
from support.doubles.cloudfront_site import Site
from support.ids import E1

pytest_plugins = ["support.double_fixtures"]

BATCH = {"Paths": {"Quantity": 1, "Items": ["/a"]}, "CallerReference": "r"}
ROLE = {"RoleArn": "arn:aws:iam::222222222222:role/purgemap", "RoleSessionName": "purgemap"}
ENTRIES = [{"Id": "0", "MessageBody": "{}"}]
CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("cloudfront", "create_invalidation", {"DistributionId": "E1", "InvalidationBatch": BATCH}),
    ("cloudfront", "create_invalidation_for_distribution_tenant", {"Id": "dt_1", "InvalidationBatch": BATCH}),
    ("sqs", "send_message_batch", {"QueueUrl": "https://sqs.eu-west-1.amazonaws.com/1/q", "Entries": ENTRIES}),
    ("sts", "assume_role", ROLE),
]
TABLE_CALL: dict[str, Any] = {"TableName": "t", "Key": {"bucket": {"S": "b"}, "key": {"S": "k"}}}
UPDATE = {"Update": {**TABLE_CALL, "UpdateExpression": "REMOVE a"}}
LEDGER_CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("dynamodb", "get_item", TABLE_CALL),
    ("dynamodb", "transact_write_items", {"TransactItems": [UPDATE], "ClientRequestToken": "once"}),
    ("s3", "head_object", {"Bucket": "site", "Key": "a ü/../+", "ChecksumMode": "ENABLED"}),
    ("s3", "head_object", {"Bucket": "www.example.com", "Key": "/a", "ChecksumMode": "ENABLED"}),
]
MakeClient = Callable[[str], Any]


def ordinary() -> MakeClient:
    """Create clients as boto3 does, with all of botocore's handlers, and the function's configuration."""
    session = botocore.session.Session()
    return cache(lambda service: session.create_client(service, config=client_config(service)))


def requests_of(
    make: MakeClient, calls: Sequence[tuple[str, str, dict[str, Any]]] = tuple(CALLS)
) -> list[tuple[str, str, bytes, dict[str, str]]]:
    """Make every call of the function with the clients of `make`; returns the first request of each."""
    sent: list[tuple[str, str, bytes, dict[str, str]]] = []

    def note(request: Any, **_: Any) -> AWSResponse:
        headers = {
            name: _FEATURES.sub("", str(value)) for name, value in request.headers.items() if name not in _CHANGING
        }
        sent.append((request.method, request.url, request.body, headers))
        refusal = b"{}" if "//sqs" in request.url or "//dynamodb" in request.url else b"<ErrorResponse/>"
        return AWSResponse(request.url, 400, {}, HTTPResponse(io.BytesIO(refusal), preload_content=False))

    for number, (service, call, arguments) in enumerate(calls, 1):
        client = make(service)
        client.meta.events.register("before-send", note)
        with pytest.raises(client.exceptions.ClientError):
            getattr(client, call)(**arguments)
        del sent[number:]  # retries
    return sent


# It differs from call to call.
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
def test_client_sends_the_request_and_signature_of_boto3(
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
def test_region_is_aws_region_if_boto3_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
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
def test_client_without_region_names_what_to_set() -> None:
    message = "NoRegionError: You must specify a region; set AWS_DEFAULT_REGION, or give the profile of AWS_PROFILE a "
    with pytest.raises(PurgemapError, match=message), translate_errors():
        Aws().client("sqs")


def test_aws_refuses_half_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(PurgemapError, match="missing: AWS_SECRET_ACCESS_KEY; set all of them, or none"):
        Aws()


def handlers_called(make: MakeClient) -> list[tuple[str, list[str]]]:
    """Create every client and make every call of the function; returns each event with its handlers."""
    called: list[tuple[str, list[str]]] = []
    emit = HierarchicalEmitter._emit  # noqa: SLF001  botocore has no public list of the handlers of an event

    def note(self: Any, event_name: str, *arguments: Any, **options: Any) -> Any:
        handlers = self._handlers.prefix_search(event_name)
        called.append((event_name, [getattr(handler, "__qualname__", type(handler).__name__) for handler in handlers]))
        return emit(self, event_name, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(HierarchicalEmitter, "_emit", note)
        for service in sorted(SERVICES):
            make(service)
        requests_of(make)
    return called


def test_client_calls_the_handlers_of_an_ordinary_session() -> None:
    ours, theirs = handlers_called(Aws().client), handlers_called(ordinary())
    assert len(theirs) > 50
    assert ours == theirs


@pytest.mark.usefixtures("fixed_time")
def test_ledger_clients_send_the_requests_of_an_ordinary_session() -> None:
    ours = requests_of(Aws(ledger_call=CALL).client, LEDGER_CALLS)
    assert ours == requests_of(ordinary(), LEDGER_CALLS)
    assert [method for method, *_ in ours] == ["POST", "POST", "HEAD", "HEAD"]


def test_ledger_client_has_the_handlers_of_an_ordinary_session() -> None:
    calls: list[list[str]] = []
    for make in (Aws(ledger_call=CALL).client, ordinary()):
        handlers = make("s3").meta.events._emitter._handlers.prefix_search("before-parse.s3.HeadObject")  # noqa: SLF001
        calls.append([getattr(handler, "__qualname__", type(handler).__name__) for handler in handlers])
    assert "handle_expires_header" in calls[0]
    assert calls[0] == calls[1]


@pytest.fixture
def double() -> Iterator[tuple[CloudFrontDouble, str]]:
    double = CloudFrontDouble(Clock(), Settings())
    double.add(Site(id=E1, bucket="site"))
    with CloudFrontServer(double) as server:
        yield double, server.url


@pytest.mark.usefixtures("no_pause")
@pytest.mark.parametrize("fault", [Fault(error="ServiceUnavailable"), Fault(error="Throttling"), Fault(cut="after")])
def test_create_invalidation_is_retried_as_one_invalidation(double: tuple[CloudFrontDouble, str], fault: Fault) -> None:
    cloudfront, url = double
    cloudfront.faults.add(fault)
    edge = AwsCloudFront(Aws(endpoint_url=url))
    created = edge.create_invalidation(Distribution(E1), ("/a",), "once")
    assert [invalidation.id for invalidation in cloudfront.accepted(E1)] == [created]
    assert sum(cloudfront.ledger.outcomes().values()) == 2


def test_create_invalidation_parses_a_refusal(double: tuple[CloudFrontDouble, str]) -> None:
    edge = AwsCloudFront(Aws(endpoint_url=double[1]))
    with pytest.raises(InvalidationError) as refused:
        edge.create_invalidation(Distribution("E9EXAMPLE9ABCD"), ("/a",), "once")
    assert refused.value.kind is FailureKind.NOT_FOUND


class _Credentials(BaseHTTPRequestHandler):
    """The endpoint that serves credentials to a function restored from a snapshot."""

    def do_GET(self) -> None:
        credentials = {
            "AccessKeyId": "contained",
            "SecretAccessKey": "x",
            "Token": "t",
            "Expiration": "2999-01-01T00:00:00Z",
        }
        body = json.dumps(credentials).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


def test_credentials_may_come_from_the_containers_endpoint(
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
