"""Measure two rivals per event, in the folder of boto3 by the function's Python, as JSON.

Arguments: routes, events, rounds. Prints {"rounds": [{work: seconds per event}]}.
"""

import fnmatch
import json
import sys
from collections import deque
from typing import Any
from urllib.parse import quote

import boto3
from botocore.awsrequest import AWSResponse

from bench.clock import Work, cpu_seconds
from bench.workload import body_of

ANSWER = b"<Invalidation><Id>I1</Id></Invalidation>"


class RawBody:
    """The body of a response that never crossed a network."""

    def stream(self, *_: Any, **__: Any) -> list[bytes]:
        """Return the body at once."""
        return [ANSWER]


def classic(event: dict[str, Any]) -> object:
    """Create a client for the event and make one call for the object, as most functions do."""
    client = boto3.client("cloudfront")
    client.meta.events.register(
        "before-send.cloudfront", lambda request, **_: AWSResponse(request.url, 201, {}, RawBody())
    )
    item = "/" + quote(event["detail"]["object"]["key"])
    batch = {"Paths": {"Quantity": 1, "Items": [item]}, "CallerReference": event["id"]}
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
        "floor": lambda: deque((json.loads(body) for body in bodies for _ in range(100)), maxlen=0),
        "classic": lambda: [classic(json.loads(body)) for body in bodies],
        "fnmatch": lambda: [fnmatch_loop(json.loads(body), routes) for body in bodies],
    }
    times = {"floor": events * 100}
    measurements = [
        {name: cpu_seconds(work) / times.get(name, events) for name, work in works.items()} for _ in range(rounds + 1)
    ]
    print(json.dumps({"rounds": measurements[1:]}))


if __name__ == "__main__":
    main()
