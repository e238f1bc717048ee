"""The peak memory of a full batch beside that of `boto3.client("cloudfront")` alone: resident bytes."""

import json
from collections.abc import Iterator
from pathlib import Path

from bench import subjects
from bench.rows import Row, measure_rounds
from bench.stand_in import aws_stand_in
from bench.workload import BATCH_BYTES, full_batch

SECTION = "memory: peak of the resident set"
ROUTES = 10_000

# The process reads its own peak: the counter that wait() returns begins with its parent's.
_END = """
import os
lines = open("/proc/self/status").read().splitlines()
print(*(line.split()[1] for line in lines if line.startswith("VmHWM")), flush=True)
os._exit(0)
"""
_BARE = _END
_BOTO3 = f"import boto3; boto3.client('cloudfront')\n{_END}"

# As Lambda's runtime does, decode the payload first.
_BATCH = f"""
import sys, json, logging
from purgemap.lambda_function import lambda_handler
with open(sys.argv[1]) as file:
    payload = json.loads(file.read())
assert lambda_handler(payload, None) == {json.dumps({"batchItemFailures": []})}
{_END}
"""


def rows(*, quick: bool = False) -> Iterator[Row]:
    """Measure the peaks of whole processes, on systems that have /proc."""
    if not Path("/proc/self/status").exists():
        return
    routes, size = (100, 60_000) if quick else (ROUTES, BATCH_BYTES)
    folder = subjects.function(routes)
    batch = folder / "batch.json"
    batch.write_text(full_batch(size))
    client, whole = "boto3.client('cloudfront') alone", f"a batch of {size / 1e6:g} MB, {routes:,} routes"
    with aws_stand_in() as variables:
        works = {
            client: lambda: _peak(_BOTO3, subjects.boto3_folder()),
            "a bare Python": lambda: _peak(_BARE, subjects.boto3_folder()),
            whole: lambda: _peak(_BATCH, folder, str(batch), AWS_LAMBDA_FUNCTION_NAME="purgemap", **variables),
        }
        measurements = measure_rounds(works, client, 2 if quick else 5)
    for name, measurement in measurements.items():
        bar = 1.2 if name == whole else None
        yield Row(SECTION, name, measurement.value / 1024, "MiB", measurement.ratio, client, measurement.spread, bar)


def _peak(code: str, folder: Path, *arguments: str, **variables: str) -> float:
    """Run a program; return its peak in KiB, which is the last line of its output."""
    return float(subjects.run(code, folder, *arguments, **variables)[1].splitlines()[-1])
