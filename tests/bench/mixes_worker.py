"""Runs in the built function's folder, by the function's Python: the CPU seconds of a mix of patterns, as JSON.

Arguments: the mix's name, patterns of its map, how many of them the events match, events, rounds. Prints
[{"floor": seconds, "plan": seconds}], for each event, and "plan" for each target of it. A first round, which decodes
the bucket and fills the caches, isn't counted.
"""

import json
import sys
from collections import deque
from typing import Any

from bench.clock import cpu_seconds
from bench.mix_maps import Mix, mixes
from bench.workload import event_text, record_of
from purgemap.events import parse_payload
from purgemap.paths import build_jobs
from purgemap.routing.router import Router

NOW = 2_000_000_000.0


def main() -> None:
    """Measure the mix."""
    name, (size, hit, events, rounds) = sys.argv[1], map(int, sys.argv[2:])
    mix = next(mix for mix in mixes(size, hit) if mix.name == name)
    print(json.dumps(_rounds(mix, events // mix.targets, rounds)))


def payload_of(mix: Mix, events: int) -> dict[str, Any]:
    """Make a batch of events that hit a mix."""
    return {"Records": [record_of(n, event_text(n, mix.bucket(n), mix.key(n))) for n in range(events)]}


def _rounds(mix: Mix, events: int, rounds: int) -> list[dict[str, float]]:
    router, payload = Router(mix.routes()), payload_of(mix, events)
    bodies = [record["body"] for record in payload["Records"]]
    batch_jobs = build_jobs(router.route(parse_payload(payload).changes), NOW)
    assert len(batch_jobs.unrouted) == events * mix.unrouted, mix.name
    assert sum(pending.job.changes for pending in batch_jobs.pending) == events * (1 - mix.unrouted) * mix.targets, (
        mix.name
    )
    return [
        {
            "floor": cpu_seconds(lambda: deque((json.loads(body) for body in bodies), maxlen=0)) / events,
            "plan": cpu_seconds(lambda: build_jobs(router.route(parse_payload(payload).changes), NOW))
            / events
            / mix.targets,
        }
        for _ in range(rounds)
    ]


if __name__ == "__main__":
    main()
