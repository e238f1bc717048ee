"""The CPU and instructions of the function's start above a bare Python's, beside `boto3.client("cloudfront")` alone."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NamedTuple

from bench import callgrind, subjects
from bench.rows import Measurement, Row, measure_rounds
from bench.workload import EXACT, PATTERNS

SECTION = "start: CPU above a bare Python's"
COUNTED_SECTION = "start: instructions above a bare Python's"
CLIENT = "boto3.client('cloudfront') alone"


class Case(NamedTuple):
    """A map of routes, and the bars of a start with it: beside the client, and beside the first map."""

    name: str
    routes: int
    bucket: str
    bar: float
    bar_of_growth: float = 1.0


CASES = (
    Case("10 routes", 10, EXACT, 0.8),
    Case("10,000 routes", 10_000, EXACT, 0.8, 1.1),
    Case("10,000 bucket patterns", 10_000, PATTERNS, 0.9, 1.2),
)

_END = "import os; os._exit(0)"
_BARE = _END
_BOTO3 = f"import boto3; boto3.client('cloudfront'); {_END}"
# Lambda's runtime has imported json and logging before the function starts.
_OURS = f"import json, logging, purgemap.lambda_function; {_END}"


def rows(*, quick: bool = False) -> Iterator[Row]:
    """Measure starts with few routes and many, of buckets by name and by pattern; count them if valgrind is at hand."""
    cases = CASES[:1] if quick else CASES
    works: dict[str, Callable[[], float]] = {CLIENT: partial(_above_bare, _boto3)}
    works |= {case.name: partial(_above_bare, partial(_ours, case)) for case in cases}
    measurements = measure_rounds(works, CLIENT, 2 if quick else 15)
    yield _row(CLIENT, measurements[CLIENT])
    for case in cases:
        yield _row(f"the function, {case.name}", measurements[case.name], case.bar)
    few, *more = cases
    for case in more:
        more_ms = (measurements[case.name].value - measurements[few.name].value) * 1000
        ratio = measurements[case.name].ratio / measurements[few.name].ratio
        yield Row(SECTION, f"{case.name} beside 10", more_ms, "ms more", ratio, few.name, bar=case.bar_of_growth)
    if callgrind.is_at_hand() and not quick:
        yield from _counted()


def _counted() -> Iterator[Row]:
    with ThreadPoolExecutor(callgrind.PROCESSES) as pool:
        bare, client = (pool.submit(callgrind.instructions, code, subjects.boto3_folder()) for code in (_BARE, _BOTO3))
        counts = list(pool.map(_count, CASES))
    floor = client.result() - bare.result()
    yield Row(COUNTED_SECTION, CLIENT, floor, "instr.", 1.0, CLIENT)
    for case, count in zip(CASES, counts, strict=True):
        above = count - bare.result()
        yield Row(COUNTED_SECTION, f"the function, {case.name}", above, "instr.", above / floor, CLIENT, bar=case.bar)


def _count(case: Case) -> int:
    folder = subjects.function(case.routes, case.bucket)
    return callgrind.instructions(_OURS, folder, AWS_LAMBDA_FUNCTION_NAME="purgemap")


def _row(name: str, measurement: Measurement, bar: float | None = None) -> Row:
    return Row(SECTION, name, measurement.value * 1000, "ms", measurement.ratio, CLIENT, measurement.spread, bar)


def _above_bare(work: Callable[[], float]) -> float:
    return work() - subjects.run(_BARE, subjects.boto3_folder())[0]


def _boto3() -> float:
    return subjects.run(_BOTO3, subjects.boto3_folder())[0]


def _ours(case: Case) -> float:
    return subjects.run(_OURS, subjects.function(case.routes, case.bucket), AWS_LAMBDA_FUNCTION_NAME="purgemap")[0]
