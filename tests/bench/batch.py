"""The CPU of a full batch per event beside `json.loads` of its body, and the CPU of the usual designs.

The clients are real. Their network is a stand-in on loopback, whose CPU is not the function's.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from bench import batch_worker, rivals_worker, subjects
from bench.rows import Measurement, Row, summarize_rounds
from bench.stand_in import aws_stand_in
from bench.workload import BATCH_BYTES, BUCKETS, ESCAPED_IN_50, EXACT, PATTERNS

SECTION = "a full batch: CPU for each event"
FLOOR = "json.loads of the bodies"
ROUTES = (10, 10_000)
PLAN, WHOLE = "to the plan", "all but the network"


class Case(NamedTuple):
    """The events of a batch, as `batch_worker` takes them, and the bars of what is measured."""

    name: str
    buckets: int
    escaped_in_50: int
    bars: Mapping[str, float]
    is_before_2026: bool = False
    map_bucket: str = EXACT

    @property
    def arguments(self) -> list[str]:
        """The arguments of `batch_worker` after the size and the rounds."""
        return [str(self.buckets), str(self.escaped_in_50), str(int(self.is_before_2026))]


# Ten buckets are invalidated at once, since an account takes ten quick calls. More wait in the queue for other batches.
CASES = (
    Case(f"{BUCKETS} buckets, 2 % of keys escaped", BUCKETS, ESCAPED_IN_50, {PLAN: 1.3, WHOLE: 1.3}),
    Case("10 buckets, no key escaped", 10, 0, {PLAN: 1.3, WHOLE: 3.2}),
    Case("1,000 buckets, 2 % of keys escaped", 1_000, ESCAPED_IN_50, {PLAN: 2.0, WHOLE: 2.6}),
    Case(f"{BUCKETS} buckets, every key escaped", BUCKETS, 50, {PLAN: 2.0, WHOLE: 2.6}),
    Case(
        f"{BUCKETS} buckets, events of before mid-2026",
        BUCKETS,
        ESCAPED_IN_50,
        {PLAN: 1.3, WHOLE: 1.5},
        is_before_2026=True,
    ),
    Case(f"{BUCKETS} buckets of 10,000 patterns", BUCKETS, ESCAPED_IN_50, {PLAN: 1.3, WHOLE: 1.5}, map_bucket=PATTERNS),
)


def rows(*, quick: bool = False) -> Iterator[Row]:
    """Measure the function, then the rivals."""
    size, rounds, routes = (60_000, 2, 100) if quick else (BATCH_BYTES, 15, ROUTES[-1])
    with aws_stand_in() as variables:
        for place, case in enumerate(CASES[: 1 if quick else None]):
            measurements = _function(case, routes, size, rounds, variables)
            if place == 0:
                yield Row(SECTION, FLOOR, measurements["floor"].value, "us", 1.0, FLOOR)
            for work, measurement in measurements.items():
                if work in case.bars or (place == 0 and work != "floor"):
                    yield _row(f"{work}, {case.name}", measurement, case.bars.get(work))
        yield from _rivals(routes, 2 if quick else 15, rounds, variables)


def _function(case: Case, routes: int, size: int, rounds: int, variables: Mapping[str, str]) -> dict[str, Measurement]:
    code = Path(batch_worker.__file__).read_text()
    arguments = [str(size), str(rounds), *case.arguments]
    output = json.loads(subjects.run(code, subjects.function(routes, case.map_bucket), *arguments, **variables)[1])
    return _per_event(output["rounds"], output["events"])


def _rivals(routes: int, events: int, rounds: int, variables: Mapping[str, str]) -> Iterator[Row]:
    code = Path(rivals_worker.__file__).read_text()
    arguments = [str(routes), str(events), str(rounds)]
    measurements = _per_event(json.loads(subjects.run(code, subjects.boto3_folder(), *arguments, **variables)[1]), 1)
    yield _row(f"a loop of fnmatch over {routes:,} routes", measurements["fnmatch"])
    yield _row("a client and a call for each event", measurements["classic"])


def _row(name: str, measurement: Measurement, bar: float | None = None) -> Row:
    return Row(SECTION, name, measurement.value, "us", measurement.ratio, FLOOR, measurement.spread, bar)


def _per_event(rounds: Sequence[Mapping[str, float]], events: int) -> dict[str, Measurement]:
    scaled = [{work: seconds / events * 1e6 for work, seconds in each.items()} for each in rounds]
    return summarize_rounds(scaled, "floor")
