"""Runs in the built function's folder, by the function's Python: the CPU seconds of a full batch, as JSON.

Arguments: bytes of the batch, rounds, buckets that its events come from, keys of 50 that need escapes, 1 for events as
they were before mid-2026. Prints {"events": n, "rounds": [{work: seconds}]}. Nothing of AWS is called: CloudFront and
the queue take everything.
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
from purgemap.aws import AwsCloudFront, SqsQueue
from purgemap.batch_log import JsonFormatter, logger
from purgemap.events import parse_payload
from purgemap.lambda_function import build_handler
from purgemap.paths import build_jobs
from purgemap.routemap.load import load_map
from purgemap.routing.router import Router

NOW = 2_000_000_000.0


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
    AwsCloudFront.create_invalidation = lambda *_: "I1"  # type: ignore[method-assign]
    SqsQueue.send = lambda _, messages: [""] * len(messages)  # type: ignore[method-assign,assignment]
    handler = build_handler({**os.environ, "PURGEMAP_QUEUE_URL": "https://queue"})
    log = logging.StreamHandler(io.StringIO())
    log.setFormatter(JsonFormatter())
    logger.addHandler(log)
    logger.propagate = False
    return {
        # Decoded and let go: what decoding costs the least.
        "floor": lambda: deque((json.loads(body) for body in bodies), maxlen=0),
        "parse": lambda: parse_payload(payload),
        "to the plan": lambda: build_jobs(router.route(parse_payload(payload).changes), NOW),
        "all but the network": lambda: handler(payload, None),
    }


if __name__ == "__main__":
    main()
