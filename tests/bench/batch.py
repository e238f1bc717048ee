"""The CPU of a full batch per event beside `json.loads` of its body, and the CPU of the usual designs."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bench import batch_worker, rivals_worker, subjects
from bench.rows import Measurement, Row, summarize_rounds
from bench.workload import BATCH_BYTES, BUCKETS, ESCAPED_IN_50

SECTION = "a full batch: CPU for each event"
FLOOR = "json.loads of the bodies"
ROUTES = (10, 10_000)
BARS = {"to the plan": 1.3, "all but the network": 2.0}

# Buckets, escaped keys of 50, and whether events have their form before mid-2026: none should matter much.
CASES = {
    f"of {BUCKETS} buckets, 2 % of keys escaped": (BUCKETS, ESCAPED_IN_50, False),
    "of 10 buckets, no key escaped": (10, 0, False),
    "of 1,000 buckets, 2 % of keys escaped": (1_000, ESCAPED_IN_50, False),
    f"of {BUCKETS} buckets, every key escaped": (BUCKETS, 50, False),
    f"of {BUCKETS} buckets, as S3 wrote events before mid-2026": (BUCKETS, ESCAPED_IN_50, True),
}


def rows(*, quick: bool = False) -> Iterator[Row]:
    """Measure the function, then the rivals."""
    size, rounds, routes = (60_000, 2, 100) if quick else (BATCH_BYTES, 15, ROUTES[-1])
    for place, (name, events) in enumerate(list(CASES.items())[: 1 if quick else None]):
        measurements = _function(routes, size, rounds, *events)
        if place == 0:
            yield Row(SECTION, FLOOR, measurements["floor"].value, "us", 1.0, FLOOR)
        for work, measurement in measurements.items():
            if work != "floor" and (place == 0 or work in BARS):
                bar = BARS.get(work) if place == 0 else None
                yield Row(
                    SECTION,
                    f"{work}, {name}",
                    measurement.value,
                    "us",
                    measurement.ratio,
                    FLOOR,
                    measurement.spread,
                    bar,
                )
    yield from _rivals(routes, 2 if quick else 15, rounds)


def _function(routes: int, *arguments: int) -> dict[str, Measurement]:
    code = Path(batch_worker.__file__).read_text()
    texts = [str(int(argument)) for argument in arguments]
    output = json.loads(subjects.run(code, subjects.function(routes), *texts, PURGEMAP_LOG_LEVEL="INFO")[1])
    return _per_event(output["rounds"], output["events"])


def _rivals(routes: int, events: int, rounds: int) -> Iterator[Row]:
    code = Path(rivals_worker.__file__).read_text()
    output = subjects.run(code, subjects.boto3_folder(), str(routes), str(events), str(rounds))[1]
    measurements = _per_event(json.loads(output)["rounds"], 1)
    names = {
        "fnmatch": f"a loop of fnmatch over {routes:,} routes",
        "classic": "a client and a call for each event, but for the network",
    }
    for work, name in names.items():
        yield Row(
            SECTION, name, measurements[work].value, "us", measurements[work].ratio, FLOOR, measurements[work].spread
        )


def _per_event(rounds: Sequence[Mapping[str, float]], events: int) -> dict[str, Measurement]:
    scaled = [{work: seconds / events * 1e6 for work, seconds in each.items()} for each in rounds]
    return summarize_rounds(scaled, "floor")
