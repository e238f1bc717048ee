"""The CPU of the function's start above a bare Python's, beside `boto3.client("cloudfront")` alone."""

from collections.abc import Callable, Iterator
from functools import partial

from bench import subjects
from bench.rows import Row, measure_rounds

SECTION = "start: CPU above a bare Python's"
ROUTES = (10, 10_000)

_END = "import os; os._exit(0)"
_BARE = _END
_BOTO3 = f"import boto3; boto3.client('cloudfront'); {_END}"
# Lambda's runtime has imported json and logging before the function starts.
_OURS = f"import json, logging, purgemap.lambda_function; {_END}"


def rows(*, quick: bool = False) -> Iterator[Row]:
    """Measure starts with few routes and many."""
    counts = ROUTES[:1] if quick else ROUTES
    client = "boto3.client('cloudfront') alone"
    works: dict[str, Callable[[], float]] = {client: partial(_above_bare, _boto3)}
    works |= {_name(count): partial(_above_bare, partial(_ours, count)) for count in counts}
    measurements = measure_rounds(works, client, 2 if quick else 15)
    for name, measurement in measurements.items():
        bar, moonshot = (None, None) if name == client else (0.80, 0.45)
        yield Row(
            SECTION, name, measurement.value * 1000, "ms", measurement.ratio, client, measurement.spread, bar, moonshot
        )
    if not quick:
        few, many = (measurements[_name(count)] for count in ROUTES)
        name = f"{ROUTES[1]:,} routes beside {ROUTES[0]}"
        yield Row(
            SECTION, name, (many.value - few.value) * 1000, "ms more", many.ratio / few.ratio, "10 routes", bar=1.1
        )


def _name(count: int) -> str:
    return f"the function, {count:,} routes"


def _above_bare(work: Callable[[], float]) -> float:
    return work() - subjects.run(_BARE, subjects.boto3_folder())[0]


def _boto3() -> float:
    return subjects.run(_BOTO3, subjects.boto3_folder())[0]


def _ours(count: int) -> float:
    return subjects.run(_OURS, subjects.function(count), AWS_LAMBDA_FUNCTION_NAME="purgemap")[0]
