"""The CPU of an event up to the plan with many patterns in one bucket, beside `json.loads` of its body."""

import json
from collections.abc import Iterator
from pathlib import Path

from bench import mixes_worker, subjects
from bench.mix_maps import mixes
from bench.rows import Row, summarize_rounds

FLOOR = "json.loads of the bodies"
BAR = 5.0


def rows(*, quick: bool = False) -> Iterator[Row]:
    """Measure every mix, per distribution of a key."""
    size, events, rounds = (50, 100, 2) if quick else (10_000, 4_000, 15)
    # Deploys change a few objects per route; the other case, each object of another route, is the worst.
    for hit, of_each in ((size // 10, "four of them match the same"), (size, "each matches another")):
        section = f"mixes of {size:,} patterns: CPU for each event, {of_each}"
        for mix in mixes(size, hit):
            measurement = summarize_rounds(_measure_mix(mix.name, size, hit, events, rounds), "floor")["plan"]
            yield Row(
                section, mix.name, measurement.value * 1e6, "us", measurement.ratio, FLOOR, measurement.spread, BAR
            )


def _measure_mix(*arguments: str | int) -> list[dict[str, float]]:
    """Measure a mix in a process of its own, as a function has one map and no other's in its caches."""
    code = Path(mixes_worker.__file__).read_text()
    rounds_of_seconds: list[dict[str, float]] = json.loads(
        subjects.run(code, subjects.function(10), *map(str, arguments))[1]
    )
    return rounds_of_seconds
