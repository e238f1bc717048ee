"""What an event costs from payload to plan with ten routes and with ten thousand: instructions, counted by callgrind.

Instructions don't depend on what else the machine does, so the ratio is the same from run to run. What it takes to
start and to load the map is left out by counting a run of few events and one of many.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from functools import lru_cache
from pathlib import Path

FEW, MANY = 200, 2_200
ROUTES = (10, 10_000)

_PROGRAM = """
import json, sys
from purgemap.pipeline import want
from purgemap.events import parse_payload
from purgemap.routes.table import Routes
from purgemap.routing import Router
routes, events = int(sys.argv[1]), int(sys.argv[2])
rows = {f"site-{n}": json.dumps([[f"site-{n}", "", [f"EXAMPLE{n:07d}"], {}]]) for n in range(routes)}
ids = {f"EXAMPLE{n:07d}": json.dumps({"id": f"EXAMPLE{n:07d}"}) for n in range(routes)}
router = Router(Routes({"compiled": 1, "buckets": rows, "patterns": [], "distributions": ids}))
bodies = [
    json.dumps({"version": "0", "id": f"17793124-05d4-b198-2fde-{n:012x}", "detail-type": "Object Created",
     "source": "aws.s3", "account": "111122223333", "time": "2026-11-12T00:00:00Z", "region": "eu-central-1",
     "resources": [f"arn:aws:s3:::site-{n % 10}"], "detail": {"version": "0", "bucket": {"name": f"site-{n % 10}"},
     "object": {"key": f"blog/2026/post-{n}/index.html", "size": 5, "etag": "b1946ac92492d2347c6235b4d2611184",
     "sequencer": "00617F08299329D189"}, "request-id": "N4N7GDK58NMKJ12R", "requester": "123456789012",
     "source-ip-address": "1.2.3.4", "reason": "PutObject"}})
    for n in range(events)
]
records = [{"eventSource": "aws:sqs", "messageId": f"m-{n}", "body": body} for n, body in enumerate(bodies)]
if sys.argv[3] == "floor":
    parsed = [json.loads(body) for body in bodies]
elif sys.argv[3] == "plan":
    wanted = want(parse_payload({"Records": records}).changes, router, now=0)
    assert sum(order.job.changes for order in wanted.orders) == events
"""


def instructions(routes: int, events: int, what: str) -> int:
    """Count the instructions of one whole process."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out"]
        program = Path(folder) / "program.py"
        program.write_text(_PROGRAM)
        run = subprocess.run(
            [*command, sys.executable, str(program), str(routes), str(events), what],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": "0"},
        )
    collected = re.search(r"Collected : (\d+)", run.stderr)
    assert collected, run.stderr
    return int(collected[1])


def per_event(routes: int, what: str) -> float:
    """Count the instructions that one event more takes, but for the making of its body."""
    return (_growth(routes, what) - _growth(routes, "nothing")) / (MANY - FEW)


@lru_cache
def _growth(routes: int, what: str) -> int:
    return instructions(routes, MANY, what) - instructions(routes, FEW, what)


def main() -> None:
    """Print the table."""
    if shutil.which("valgrind") is None:
        print("routing: skipped, valgrind is not installed")
        return
    floor = per_event(ROUTES[0], "floor")
    costs = [per_event(routes, "plan") for routes in ROUTES]
    print(f"{'instructions per event, payload to plan':45}{'count':>12}{'x json.loads':>14}{'x 10 routes':>13}")
    print(f"{'json.loads of the bodies':45}{floor:12.0f}{1:14.2f}")
    for routes, cost in zip(ROUTES, costs, strict=True):
        print(f"{f'{routes:,} routes of exact buckets':45}{cost:12.0f}{cost / floor:14.2f}{cost / costs[0]:13.2f}")
