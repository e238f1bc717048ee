"""The CPU of the function's start above a bare Python's, beside `boto3.client("cloudfront")` alone."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from bench import subjects
from bench.rows import Measurement, Row, measure_rounds
from bench.workload import EXACT, PATTERNS

SECTION = "start: CPU above a bare Python's"


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
    """Measure starts with few routes and many, of buckets by name and by pattern."""
    few, *more = CASES[:1] if quick else CASES
    client = "boto3.client('cloudfront') alone"
    works: dict[str, Callable[[], float]] = {client: partial(_above_bare, _boto3)}
    works |= {case.name: partial(_above_bare, partial(_ours, case)) for case in (few, *more)}
    measurements = measure_rounds(works, client, 2 if quick else 15)
    yield _row(client, client, measurements[client])
    for case in (few, *more):
        yield _row(f"the function, {case.name}", client, measurements[case.name], case.bar)
    for case in more:
        more_ms = (measurements[case.name].value - measurements[few.name].value) * 1000
        ratio = measurements[case.name].ratio / measurements[few.name].ratio
        yield Row(SECTION, f"{case.name} beside 10", more_ms, "ms more", ratio, few.name, bar=case.bar_of_growth)


def _row(name: str, client: str, measurement: Measurement, bar: float | None = None) -> Row:
    return Row(SECTION, name, measurement.value * 1000, "ms", measurement.ratio, client, measurement.spread, bar)


def _above_bare(work: Callable[[], float]) -> float:
    return work() - subjects.run(_BARE, subjects.boto3_folder())[0]


def _boto3() -> float:
    return subjects.run(_BOTO3, subjects.boto3_folder())[0]


def _ours(case: Case) -> float:
    return subjects.run(_OURS, subjects.function(case.routes, case.bucket), AWS_LAMBDA_FUNCTION_NAME="purgemap")[0]
