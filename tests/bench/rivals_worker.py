"""Measure two rivals per event, in the folder of boto3 by the function's Python, as JSON.

Arguments: routes, events, rounds. Prints [{work: seconds per event}]. The calls go to AWS_ENDPOINT_URL, over HTTP: over
TLS, each new client would load all CA certificates, too.
"""

import fnmatch
import json
import sys
from collections import deque
from typing import Any
from urllib.parse import quote

import boto3

from bench.clock import Work, cpu_seconds
from bench.workload import body_of

FLOOR_TIMES = 100
"""How often the floor's work is done for each event: once would be too short to measure."""


def classic(event: dict[str, Any]) -> object:
    """Create a client for the event and make one call for the object, as most functions do."""
    item = "/" + quote(event["detail"]["object"]["key"])
    batch = {"Paths": {"Quantity": 1, "Items": [item]}, "CallerReference": event["id"]}
    client = boto3.client("cloudfront")
    return client.create_invalidation(DistributionId="EXAMPLE0000000", InvalidationBatch=batch)


def fnmatch_loop(event: dict[str, Any], routes: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Try every route's pattern on the object."""
    detail = event["detail"]
    name = f"{detail['bucket']['name']}/{detail['object']['key']}"
    return [
        (target, "/" + quote(detail["object"]["key"])) for pattern, target in routes if fnmatch.fnmatch(name, pattern)
    ]


def main() -> None:
    """Measure each rival once a round, after a first round that fills the caches."""
    count, events, rounds = map(int, sys.argv[1:])
    bodies = [body_of(number) for number in range(events)]
    routes = [(f"acme-site-{n}/*", f"EXAMPLE{n:07d}") for n in range(count)]
    works: dict[str, Work] = {
        "floor": lambda: deque((json.loads(body) for body in bodies for _ in range(FLOOR_TIMES)), maxlen=0),
        "classic": lambda: [classic(json.loads(body)) for body in bodies],
        "fnmatch": lambda: [fnmatch_loop(json.loads(body), routes) for body in bodies],
    }
    times = {"floor": events * FLOOR_TIMES}
    measurements = [
        {name: cpu_seconds(work) / times.get(name, events) for name, work in works.items()} for _ in range(rounds + 1)
    ]
    print(json.dumps(measurements[1:]))


if __name__ == "__main__":
    main()
