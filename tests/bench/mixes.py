"""What an event costs up to the plan where patterns crowd in one bucket, beside `json.loads` of its body."""

import json
from collections.abc import Iterator
from pathlib import Path

from bench import mixes_worker, subjects
from bench.rows import Row, measured

FLOOR = "json.loads of the bodies"
BAR = 5.0


def rows(*, quick: bool = False) -> Iterator[Row]:
    """Measure every mix; where several distributions want each key, what each of them costs."""
    size, events, rounds = (50, 100, 2) if quick else (10_000, 4_000, 15)
    section = f"mixes of {size:,} patterns: CPU for each event, to the plan"
    code = Path(mixes_worker.__file__).read_text()
    told = json.loads(subjects.run(code, subjects.function(10), str(size), str(events), str(rounds))[1])
    for name, taken in told.items():
        it = measured(taken, "floor")["plan"]
        yield Row(section, name, it.value * 1e6, "us", it.ratio, FLOOR, it.spread, BAR)
