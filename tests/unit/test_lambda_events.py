"""The function with an event bus: when it sends events, and that they never change what a batch returns."""

import json
import logging
import subprocess
import sys
from typing import Any

import pytest

from conftest import LoadMap
from purgemap.completion_events import ACCEPTED, REJECTED, CompletionEvents
from purgemap.delivery import FailureKind
from purgemap.errors import PurgemapError
from purgemap.events import parse_payload
from purgemap.lambda_function import Handler, build_handler, serve
from support.doubles.event_bus import MemoryEventBus, parse_detail
from support.doubles.memory import MemoryCloudFront, MemoryQueue
from support.ids import E1, E2, NOW
from support.payloads import s3_event, sqs_batch
from support.service import MAP, build_service

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
BATCH = sqs_batch([s3_event("site", "docs/b"), s3_event("elsewhere", "c"), "{broken"])


class Context:
    """Lambda's context of a function with some time left."""

    def __init__(self, *seconds: float) -> None:
        self.seconds = list(seconds)

    def get_remaining_time_in_millis(self) -> float:
        return 1_000 * (self.seconds.pop(0) if len(self.seconds) > 1 else self.seconds[0])


@pytest.fixture
def handle(map_from_yaml: LoadMap) -> Any:
    route_map = map_from_yaml(MAP)

    def build(bus: MemoryEventBus | None, queue: MemoryQueue | None = None) -> Handler:
        cloudfront = MemoryCloudFront(refusing={E2: FailureKind.NOT_FOUND})
        service = build_service(route_map, cloudfront, queue or MemoryQueue())
        send_events = CompletionEvents(bus, route_map).send if bus else None
        return serve(service, 0.5, lambda: NOW, lambda _: None, send_events=send_events)

    return build


def test_function_sends_events_after_its_log(handle: Any, caplog: pytest.LogCaptureFixture) -> None:
    bus = MemoryEventBus(failures=["Throttling: later"])
    with caplog.at_level(logging.INFO, "purgemap"):
        handle(bus)(BATCH)
    (events,) = bus.calls
    assert [(event[1], parse_detail(event)["distributions"]) for event in events] == [
        (REJECTED, [E2]),
        (ACCEPTED, [E1]),
    ]
    messages = [record.getMessage() for record in caplog.records]
    assert messages[-2:] == ["batch", "events not sent"]


@pytest.mark.parametrize(
    "bus", [MemoryEventBus(), MemoryEventBus(["failed"] * 9), MemoryEventBus(RuntimeError("a bug"))]
)
def test_events_never_change_the_response(handle: Any, bus: MemoryEventBus) -> None:
    assert handle(bus)(BATCH) == handle(None)(BATCH) == {"batchItemFailures": [{"itemIdentifier": "m-3"}]}
    assert len(bus.calls) == 1


def test_function_sends_no_event_when_its_time_ends(handle: Any) -> None:
    bus = MemoryEventBus()
    handle(bus)(BATCH, Context(60, 3))
    assert bus.calls == []


def test_own_event_changes_nothing_if_it_comes_back(handle: Any) -> None:
    bus = MemoryEventBus()
    handle(bus)(BATCH)
    source, detail_type, detail = bus.calls[0][0]
    event = {"version": "0", "id": "1", "source": source, "detail-type": detail_type, "detail": json.loads(detail)}
    batch = parse_payload(sqs_batch([event]))
    assert (batch.changes, batch.malformed, sum(batch.ignored.values())) == ([], [], 1)
    again = MemoryEventBus()
    assert handle(again)(sqs_batch([event])) == {"batchItemFailures": []}
    assert again.calls == []


@pytest.mark.parametrize("name", ["two words", "arn:aws:sqs:eu-west-1:123456789012:queue", "bus/one", "x" * 257])
def test_environment_refuses_what_is_not_a_bus(map_from_yaml: LoadMap, tmp_path: Any, name: str) -> None:
    map_from_yaml(MAP)
    environment = {**CREDENTIALS, "PURGEMAP_ROUTES": str(tmp_path / "routes.yaml"), "PURGEMAP_EVENT_BUS": name}
    with pytest.raises(PurgemapError) as refused:
        build_handler(environment)
    assert str(refused.value) == f"PURGEMAP_EVENT_BUS is {name!r}: write the name or the ARN of an event bus"


@pytest.mark.parametrize(("name", "is_loaded"), [("", False), ("site-events", True)])
def test_function_imports_events_only_with_a_bus(
    map_from_yaml: LoadMap, tmp_path: Any, name: str, *, is_loaded: bool
) -> None:
    map_from_yaml(MAP)
    environment = {"PURGEMAP_ROUTES": str(tmp_path / "routes.yaml"), "PURGEMAP_EVENT_BUS": name}
    code = (
        f"import sys; from purgemap.lambda_function import build_handler; build_handler({environment!r})([]);"
        "print(*sorted({'purgemap.completion_events', 'purgemap.aws.event_bus'} & sys.modules.keys()))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["purgemap.aws.event_bus", "purgemap.completion_events"] * is_loaded
