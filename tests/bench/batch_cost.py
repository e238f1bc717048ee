"""The instructions of a full batch with its calls per event, beside `json.loads` of its body, by callgrind.

They are the program's alone: what the system does for a connection is in the CPU of `batch`.
"""

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from bench import batch, batch_worker, callgrind, rivals_worker, subjects
from bench.batch import Case
from bench.rows import Row
from bench.stand_in import aws_stand_in
from bench.workload import BATCH_BYTES

SECTION = "a full batch and its calls: instructions for each event"

# The order in which `batch_worker` measures, once to fill the caches and once more.
_WORKS = ("floor", "parse", batch.PLAN, batch.WHOLE)


def rows(*, quick: bool = False) -> Iterator[Row]:
    """Count, if valgrind is at hand; nothing for a quick run, as valgrind takes fifty times as long."""
    if quick or not callgrind.is_at_hand():
        return
    cases = [case for case in batch.CASES if case.escaped_in_50 < 50 and not case.is_before_2026]
    folders = [subjects.function(batch.ROUTES[-1], case.map_bucket) for case in cases]
    with aws_stand_in() as variables, ThreadPoolExecutor(callgrind.PROCESSES) as pool:
        rival = pool.submit(_classic, variables, subjects.boto3_folder())
        counts_of_cases = list(pool.map(partial(_counts, variables), cases, folders))
    yield Row(SECTION, batch.FLOOR, counts_of_cases[0]["floor"], "instr.", 1.0, batch.FLOOR)
    for case, counts in zip(cases, counts_of_cases, strict=True):
        for work, bar in case.bars.items():
            yield _row(f"{work}, {case.name}", counts[work], counts["floor"], bar)
    yield _row("a client and a call for each event", *rival.result())


def _row(name: str, count: float, floor: float, bar: float | None = None) -> Row:
    return Row(SECTION, name, count, "instr.", count / floor, batch.FLOOR, bar=bar)


def _counts(variables: Mapping[str, str], case: Case, folder: Path) -> dict[str, float]:
    """Count the instructions of each work per event."""
    code = Path(batch_worker.__file__).read_text()
    arguments = [str(BATCH_BYTES), "1", *case.arguments]
    printed, counts = callgrind.work_instructions(code, folder, *arguments, **variables)
    events = json.loads(printed)["events"]
    return {work: count / events for work, count in zip(_WORKS, counts[-len(_WORKS) :], strict=True)}


def _classic(variables: Mapping[str, str], folder: Path) -> tuple[float, float]:
    """Count the instructions of the classic design for an event, and those of `json.loads` of its body."""
    code = Path(rivals_worker.__file__).read_text()
    _, counts = callgrind.work_instructions(code, folder, "1", "1", "1", **variables)
    floor, classic, _ = counts[-3:]
    return classic, floor / rivals_worker.FLOOR_TIMES
