"""The inputs of alarms: the age of refused changes, and log lines that no key or response can imitate."""

import datetime as dt
import io
import json
import logging
from collections.abc import Iterator
from heapq import heappop, heappush
from pathlib import Path
from typing import Any

import pytest

from conftest import LoadMap
from purgemap import lambda_function
from purgemap.batch_log import JsonFormatter, batch_lines, logger
from purgemap.delivery import FailureKind, InvalidationError
from purgemap.deployment.template.yaml_template import load_template
from purgemap.lambda_function import serve
from purgemap.pipeline import PartialDeliveryError, Service
from purgemap.routemap.compiled import RouteMap
from purgemap.routemap.problems import MapError
from purgemap.routing.router import Router
from simulation.day import WINDOW_SECONDS, Day
from support.doubles.clock import Clock
from support.doubles.memory import MemoryCloudFront, MemoryQueue
from support.log_filters import matches
from support.payloads import s3_event, sqs_batch

TEMPLATE = load_template("template.yaml")
THRESHOLD = TEMPLATE["Parameters"]["OldestChangeSeconds"]["Default"]
INVALID_MAP: str = TEMPLATE["Resources"]["InvalidMapFilter"]["Properties"]["FilterPattern"]
DISTRIBUTIONS = [f"E{number}EXAMPLE{number}ABCD" for number in range(1, 6)]
MAP = "version: 1\nroutes:\n" + "".join(
    f"  - {{bucket: site{number}, distributions: [{id_}]}}\n" for number, id_ in enumerate(DISTRIBUTIONS)
)
IMITATION = json.dumps({"level": "ERROR", "error": "MapError"})


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Collect the function's log as it would be printed."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    handler.setFormatter(JsonFormatter())
    handlers, level, propagates = logger.handlers.copy(), logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield text
    logger.handlers[:], logger.propagate = handlers, propagates
    logger.setLevel(level)


def take_metrics(log: io.StringIO, name: str) -> list[float]:
    """Return a metric's values, one per batch since the last call."""
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    log.seek(0)
    log.truncate()
    return [line[name] for line in lines if line["message"] == "batch"]


class Outage:
    """A function and its queue on a virtual clock."""

    def __init__(self, routes: RouteMap, clock: Clock) -> None:
        self.cloudfront = MemoryCloudFront()
        self.dead_letters = MemoryQueue()
        self._queue = MemoryQueue()
        self._clock = clock
        self._waiting: list[tuple[float, int, Any]] = []
        self._sent = 0
        service = Service(routes, Router(routes), self.cloudfront, self._queue, self.dead_letters)
        self._handle = serve(service, calls_per_second=0.5, now=clock, sleep=lambda _: None)

    def send(self, body: Any, delay: float = 0.0) -> None:
        self._sent += 1
        heappush(self._waiting, (self._clock() + delay, self._sent, body))

    def pass_time(self, until: float) -> None:
        """Run a batch of the due messages every ten seconds."""
        while self._clock() < until:
            self._clock.advance(10)
            bodies = []
            while self._waiting and self._waiting[0][0] <= self._clock():
                bodies.append(heappop(self._waiting)[2])
            if bodies:
                self._handle(sqs_batch(bodies, first=self._sent), None)
            for message in self._queue.messages:
                self.send(message.body, message.delay)
            self._queue.messages.clear()


def event_at(clock: Clock, bucket: str, key: str = "a") -> dict[str, Any]:
    event = s3_event(bucket, key)
    event["time"] = dt.datetime.fromtimestamp(clock(), dt.UTC).isoformat()
    return event


@pytest.mark.parametrize("number", range(len(DISTRIBUTIONS)))
@pytest.mark.parametrize("refusal", [FailureKind.QUOTA_EXCEEDED, FailureKind.THROTTLED, FailureKind.SERVER_ERROR])
def test_alarm_counts_age_until_change_is_accepted(
    number: int, refusal: FailureKind, map_from_yaml: LoadMap, log: io.StringIO
) -> None:
    clock = Clock()
    begin, outage = clock(), Outage(map_from_yaml(MAP), clock)
    outage.cloudfront.refusing[DISTRIBUTIONS[number]] = refusal
    outage.send(event_at(clock, f"site{number}"))
    outage.pass_time(begin + 15 * 60)
    assert max(take_metrics(log, "oldest_change_seconds")) > THRESHOLD
    for hour in range(1, 6):
        outage.pass_time(begin + hour * 3600)
        assert max(take_metrics(log, "oldest_change_seconds")) > THRESHOLD
    outage.cloudfront.refusing.clear()
    outage.pass_time(begin + 5 * 3600 + 20 * 60)
    assert take_metrics(log, "oldest_change_seconds")[-1] == 0
    assert outage.dead_letters.messages == []


def test_alarm_is_not_hidden_by_other_batches(map_from_yaml: LoadMap, log: io.StringIO) -> None:
    """Each period that the alarm looks back over holds a batch with the refused change."""
    alarm = TEMPLATE["Resources"]["OldestChangeAlarm"]["Properties"]
    seconds = alarm["Period"] * alarm["EvaluationPeriods"]
    clock = Clock()
    outage = Outage(map_from_yaml(MAP), clock)
    outage.cloudfront.refusing[DISTRIBUTIONS[0]] = FailureKind.QUOTA_EXCEEDED
    outage.send(event_at(clock, "site0"))
    outage.pass_time(clock() + 1_800)
    take_metrics(log, "oldest_change_seconds")
    for _ in range(5):
        for _ in range(int(seconds / 60)):
            outage.send(event_at(clock, "site1"))
            outage.pass_time(clock() + 60)
        ages = take_metrics(log, "oldest_change_seconds")
        assert (min(ages), max(ages) > THRESHOLD) == (0, True)


def test_alarm_ignores_short_failures(map_from_yaml: LoadMap, log: io.StringIO) -> None:
    clock = Clock()
    outage = Outage(map_from_yaml(MAP), clock)
    outage.cloudfront.refusing[DISTRIBUTIONS[0]] = FailureKind.QUOTA_EXCEEDED
    outage.send(event_at(clock, "site0"))
    outage.pass_time(clock() + 120)
    outage.cloudfront.refusing.clear()
    outage.pass_time(clock() + 900)
    ages = take_metrics(log, "oldest_change_seconds")
    assert (0 < max(ages) < THRESHOLD, ages[-1]) == (True, 0)


def test_alarm_ignores_jobs_held_for_budget(map_from_yaml: LoadMap) -> None:
    distribution = {"id": DISTRIBUTIONS[0], "max_paths_per_day": 20}
    day = Day(
        map_from_yaml(json.dumps({"version": 1, "routes": [{"bucket": "site", "distributions": [distribution]}]}))
    )
    ages, excesses = [], 0
    for number in range(400):
        day.clock.advance(WINDOW_SECONDS)
        now = day.clock()
        result = day.change([event_at(day.clock, "site", f"{number}.html")], [f"/{number}.html"])
        assert result is not None
        (batch,) = [line for line in batch_lines(result, now, now) if line.message == "batch"]
        ages.append(batch.fields["oldest_change_seconds"])
        excesses += batch.fields["over_budget"]
    assert excesses > 300
    assert max(ages) < 60


@pytest.mark.parametrize("level", ["INFO", "WARNING", "ERROR", "CRITICAL"])
def test_metrics_are_written_at_every_log_level(level: str, map_from_yaml: LoadMap, log: io.StringIO) -> None:
    clock = Clock()
    outage = Outage(map_from_yaml(MAP), clock)
    logger.setLevel(level)
    outage.send(event_at(clock, "site0"))
    outage.pass_time(clock() + 60)
    assert take_metrics(log, "accepted") == [1]


class QuotingCloudFront(MemoryCloudFront):
    """Refuses every request with a given message."""

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason

    def create_invalidation(self, *_: object) -> str:
        raise InvalidationError(FailureKind.SERVER_ERROR, self.reason)


@pytest.mark.parametrize(
    "text",
    ["sites/[ERROR] MapError/x", "[ERROR] MapError", IMITATION, f"\n{IMITATION}\n", f"x\r{IMITATION}", "MapError"],
)
def test_map_alarm_matches_no_foreign_text(text: str, map_from_yaml: LoadMap, log: io.StringIO) -> None:
    routes = map_from_yaml(MAP)
    bodies = [s3_event("site0", text), s3_event(text, "a"), text, {**s3_event("site1", "a"), "time": text}]
    for queue in (None, MemoryQueue(), MemoryQueue(text)):
        handler = serve(Service(routes, Router(routes), QuotingCloudFront(text), queue, queue), calls_per_second=0.5)
        handler(sqs_batch(bodies), None)
        try:
            handler([bodies[0], bodies[1], s3_event("site2", text)], None)
        except PartialDeliveryError as error:
            log.write(f"[ERROR] NotAllDeliveredError: {error}\n")
    lines = log.getvalue().splitlines()
    assert sum(line.startswith("[ERROR] NotAllDeliveredError") for line in lines) == 2
    assert not [line for line in lines if matches(INVALID_MAP, line)]


@pytest.mark.parametrize("level", ["DEBUG", "ERROR", "CRITICAL"])
def test_map_alarm_counts_invalid_map(
    level: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, log: io.StringIO
) -> None:
    (tmp_path / "routes.yaml").write_text("version: 1\nroutes: [\n")
    monkeypatch.setenv("PURGEMAP_ROUTES", str(tmp_path / "routes.yaml"))
    monkeypatch.setenv("PURGEMAP_LOG_LEVEL", level)
    with pytest.raises(MapError):
        lambda_function.lambda_handler({}, None)
    assert [matches(INVALID_MAP, line) for line in log.getvalue().splitlines()] == [True]
