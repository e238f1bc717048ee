"""Runs in the built function's folder, by the function's Python: the CPU seconds of a full batch, as JSON.

Arguments: bytes of the batch, rounds, buckets that its events come from, keys of 50 that need escapes, 1 for events as
they were before mid-2026. Prints {"events": n, "rounds": [{work: seconds}]}. The function's botocore calls AWS at
AWS_ENDPOINT_URL. Its clock stands still but for its own waiting, so that a round takes as little time as its CPU.
"""

import io
import json
import logging
import os
import sys
from collections import deque
from collections.abc import Callable
from typing import Any

from bench.clock import cpu_seconds
from bench.workload import full_batch
from purgemap import lambda_function
from purgemap.aws import Aws
from purgemap.batch_log import JsonFormatter, logger
from purgemap.delivery import DEFAULT_CALLS_PER_SECOND
from purgemap.events import parse_payload
from purgemap.paths import build_jobs
from purgemap.routemap.load import load_map
from purgemap.routing.router import Router

WINDOW_SECONDS, TIMEOUT_SECONDS = 10, 60


class Invocation:
    """A warm function's next invocation: its clock, and Lambda's context with the seconds of the template."""

    def __init__(self) -> None:
        # Ten seconds after the events of the workload.
        self._now = 1_794_441_600.0
        self.start()

    def start(self) -> None:
        """Start the next invocation, a batching window later."""
        self._now += WINDOW_SECONDS
        self._end = self._now + TIMEOUT_SECONDS

    def now(self) -> float:
        """Return the time."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Pass the time."""
        self._now += seconds

    def get_remaining_time_in_millis(self) -> float:
        """Return what Lambda's context returns."""
        return (self._end - self._now) * 1000


def main() -> None:
    """Measure each work once a round, after a first round that fills the caches."""
    size, rounds, buckets, escaped_in_50, is_before_2026 = map(int, sys.argv[1:])
    payload = json.loads(full_batch(size, buckets, escaped_in_50, is_before_2026=bool(is_before_2026)))
    works = _works(payload)
    measurements = [{name: cpu_seconds(work) for name, work in works.items()} for _ in range(rounds + 1)]
    print(json.dumps({"events": len(payload["Records"]), "rounds": measurements[1:]}))


def _works(payload: dict[str, Any]) -> dict[str, Callable[[], object]]:
    bodies = [record["body"] for record in payload["Records"]]
    router = Router(load_map(os.environ["PURGEMAP_ROUTES"]))
    handle = _handler()
    return {
        # Decoded and let go: what decoding costs the least.
        "floor": lambda: deque((json.loads(body) for body in bodies), maxlen=0),
        "parse": lambda: parse_payload(payload),
        "to the plan": lambda: build_jobs(router.route(parse_payload(payload).changes), 2e9),
        "all but the network": lambda: handle(payload),
    }


def _handler() -> Callable[[dict[str, Any]], None]:
    """Return the function, which must deliver or defer everything."""
    invocation = Invocation()
    route_map = load_map(os.environ["PURGEMAP_ROUTES"])
    build_service = lambda_function._build_service  # noqa: SLF001  its handler has the real clock
    service = build_service(os.environ, Aws(), route_map, table="")
    handler = lambda_function.serve(service, DEFAULT_CALLS_PER_SECOND, invocation.now, invocation.sleep)
    log = logging.StreamHandler(io.StringIO())
    log.setFormatter(JsonFormatter())
    logger.addHandler(log)
    logger.setLevel("INFO")
    logger.propagate = False

    def handle(payload: dict[str, Any]) -> None:
        invocation.start()
        response = handler(payload, invocation)
        assert response == {"batchItemFailures": []}, response

    return handle


if __name__ == "__main__":
    main()
