"""The edge to an event bus, over HTTP: what arrives, and that each failure is a reason, never an exception."""

import json
import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from purgemap.aws import Aws, open_event_bus
from purgemap.aws.event_bus import AwsEventBus
from purgemap.completion_events import MIN_SECONDS_FOR_EVENTS
from purgemap.delivery.call_settings import MAX_ADDRESSES
from purgemap.demo.local_aws import LocalAws
from support.doubles.nonsense import Nonsense, serve_nonsense
from support.local_site import received_events

pytest_plugins = ["support.local_aws_fixtures"]

BUS = "site-events"
EVENT = ("purgemap", "Invalidation Accepted", '{"summary": "1 item"}')
PATTERN = {"source": ["purgemap"], "detail-type": ["Invalidation Accepted"]}


def create_bus(aws: LocalAws, name: str = BUS) -> tuple[str, str]:
    """Create a bus with a rule to a queue; returns the bus's ARN and the queue's URL."""
    events = aws.client("events")
    arn = "" if name == "default" else str(events.create_event_bus(Name=name)["EventBusArn"])
    queue_url = str(aws.client("sqs").create_queue(QueueName="received")["QueueUrl"])
    events.put_rule(Name="to-queue", EventBusName=name, EventPattern=json.dumps(PATTERN))
    target = {"Id": "queue", "Arn": aws.queue_arn(queue_url)}
    events.put_targets(Rule="to-queue", EventBusName=name, Targets=[target])
    return arn, queue_url


@pytest.mark.parametrize("by_arn", [False, True])
def test_events_reach_a_bus_by_its_name_or_arn(aws: LocalAws, *, by_arn: bool) -> None:
    arn, queue_url = create_bus(aws)
    bus = open_event_bus(Aws(), arn if by_arn else BUS)
    assert bus.put_events([EVENT, ("purgemap", "Invalidation Rejected", "{}")]) == ["", ""]
    (event,) = received_events(aws, queue_url)
    assert (event["source"], event["detail-type"]) == EVENT[:2]
    assert event["detail"] == {"summary": "1 item"}


def sent_by(bus: AwsEventBus, region: str) -> list[tuple[str, str]]:
    """Put an event without a network; returns host and bus of each request."""
    requests: list[tuple[str, str]] = []

    def note(request: Any, **_: Any) -> None:
        requests.append((request.url, json.loads(request.body)["Entries"][0]["EventBusName"]))
        raise ConnectionError(region)

    bus._aws.client("events").meta.events.register("before-send", note)  # noqa: SLF001  the edge has no hook of its own
    (reason,) = bus.put_events([EVENT])
    assert region in reason
    return requests


@pytest.mark.parametrize(
    ("name", "host"),
    [
        (BUS, "https://events.eu-central-1.amazonaws.com/"),
        (f"arn:aws:events:us-west-2:111122223333:event-bus/{BUS}", "https://events.us-west-2.amazonaws.com/"),
        (f"arn:aws-cn:events:cn-north-1:111122223333:event-bus/{BUS}", "https://events.cn-north-1.amazonaws.com.cn/"),
    ],
)
def test_events_go_to_the_region_of_the_bus(name: str, host: str) -> None:
    aws = Aws(region="eu-central-1")
    assert sent_by(open_event_bus(aws, name), "offline") == [(host, name)]
    assert aws.client("sqs").meta.region_name == "eu-central-1"


ANSWERS = {
    "one failed": (
        '{"FailedEntryCount": 1, "Entries": [{"EventId": "1"}, {"ErrorCode": "InternalFailure", "ErrorMessage": "x"}]}',
        ["", "PutEvents: InternalFailure: x"],
    ),
    "too few": ('{"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}', ["", "no answer"]),
    "too many": ('{"FailedEntryCount": 0, "Entries": [{}, {}, {"ErrorCode": "late"}]}', ["", ""]),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_partial_failure_is_the_reason_of_its_event(name: str) -> None:
    body, reasons = ANSWERS[name]
    with serve_nonsense(Nonsense(200, "application/x-amz-json-1.1", body.encode())) as url:
        assert open_event_bus(Aws(endpoint_url=url), BUS).put_events([EVENT, EVENT]) == reasons


@pytest.mark.parametrize("status", [200, 400, 503])
@pytest.mark.parametrize("body", ["", "null", "{}", '{"Entries": [null]}', "<html><body>Sign in</body></html>", "busy"])
def test_foreign_answer_is_the_reason_of_each_event(status: int, body: str) -> None:
    with serve_nonsense(Nonsense(status, "application/x-amz-json-1.1", body.encode())) as url:
        reasons = open_event_bus(Aws(endpoint_url=url), BUS).put_events([EVENT, EVENT])
    assert all(reasons)
    assert "\n" not in "".join(reasons)


def test_refusal_is_the_reason_of_each_event() -> None:
    body = b'{"__type": "AccessDeniedException", "Message": "not authorized to perform: events:PutEvents"}'
    with serve_nonsense(Nonsense(400, "application/x-amz-json-1.1", body)) as url:
        reasons = open_event_bus(Aws(endpoint_url=url), BUS).put_events([EVENT])
    assert reasons == ["PutEvents: AccessDeniedException: not authorized to perform: events:PutEvents"]


def test_bus_without_region_or_credentials_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    (reason,) = open_event_bus(Aws(), BUS).put_events([EVENT])
    assert reason.startswith("NoRegionError: ")


def test_each_call_opens_a_connection_of_its_own() -> None:
    body = b'{"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}'
    connections: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            connections.append(self.client_address)
            super().setup()

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        bus = open_event_bus(Aws(endpoint_url=f"http://127.0.0.1:{server.server_port}"), BUS)
        assert [bus.put_events([EVENT]) for _ in range(3)] == [[""]] * 3
        server.shutdown()
    assert len(connections) == 3


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Accept connections and never answer."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_silent_bus_costs_less_than_the_reserved_time(silent_port: int) -> None:
    bus = open_event_bus(Aws(endpoint_url=f"http://127.0.0.1:{silent_port}"), BUS)
    config = bus._aws.client("events").meta.config  # noqa: SLF001  the edge has no settings of its own
    assert config.retries["total_max_attempts"] == 1
    assert MAX_ADDRESSES * config.connect_timeout + config.read_timeout < MIN_SECONDS_FOR_EVENTS
    (reason,) = bus.put_events([EVENT])
    assert reason.startswith("ReadTimeoutError: ")
