"""What an event costs up to the plan where patterns crowd in one bucket, beside `json.loads` of its body."""

import json
from collections.abc import Iterator
from pathlib import Path

from bench import mixes_worker, subjects
from bench.mix_maps import mixes
from bench.rows import Row, measured

FLOOR = "json.loads of the bodies"
BAR = 5.0


def rows(*, quick: bool = False) -> Iterator[Row]:
    """Measure every mix; where several distributions want each key, what each of them costs."""
    size, events, rounds = (50, 100, 2) if quick else (10_000, 4_000, 15)
    # As deploys do: a few objects for each route they concern. And as none does: each object of another route.
    for hit, of_each in ((size // 10, "four of them match the same"), (size, "each matches another")):
        section = f"mixes of {size:,} patterns: CPU for each event, {of_each}"
        for mix in mixes(size, hit):
            it = measured(_told(mix.name, size, hit, events, rounds), "floor")["plan"]
            yield Row(section, mix.name, it.value * 1e6, "us", it.ratio, FLOOR, it.spread, BAR)


def _told(*arguments: str | int) -> list[dict[str, float]]:
    """Measure a mix in a process of its own, as a function has one map and no other's in its caches."""
    code = Path(mixes_worker.__file__).read_text()
    covered_items: list[dict[str, float]] = json.loads(
        subjects.run(code, subjects.function(10), *map(str, arguments))[1]
    )
    return covered_items
