"""Every figure of the project, each a ratio inside one run: `make bench`."""

import argparse
import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from pathlib import Path

from bench import batch, cost, memory, planner_bench, planner_cost, routing_cost, start
from bench.chart import chart
from bench.machine import machine
from bench.rows import Row, table

SECTIONS: dict[str, Callable[..., Iterable[Row]]] = {
    "start": start.rows,
    "batch": batch.rows,
    "instructions": routing_cost.rows,
    "memory": memory.rows,
    "cost": cost.rows,
    "collateral": planner_bench.rows,
    "planning": planner_cost.rows,
}


def main() -> None:
    """Measure the sections asked for, and print the table."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"all, or some of: {', '.join(SECTIONS)}")
    parser.add_argument("--quick", action="store_true", help="few rounds of little: says that it runs, not how fast")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows as JSON, too")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="draw the rows that have a bar")
    options = parser.parse_args()
    unknown = set(options.sections) - SECTIONS.keys()
    if unknown:
        parser.error(f"no such section: {', '.join(sorted(unknown))}")
    told = machine()
    print("; ".join(f"{name} {value}" for name, value in told.items()))
    rows: list[Row] = []
    for name in options.sections or SECTIONS:
        found = [_without_bar(row) if options.quick else row for row in SECTIONS[name](quick=options.quick)]
        print(f"\n{table(found)}" if found else f"\n{name}: skipped", flush=True)
        rows += found
    print("\nmedians, each ratio of one round; again: make bench")
    if options.json:
        document = {"machine": told, "rows": [asdict(row) | {"verdict": row.verdict} for row in rows]}
        options.json.write_text(json.dumps(document, indent=2) + "\n")
    if options.svg:
        options.svg.write_text(chart(rows))


def _without_bar(row: Row) -> Row:
    """Bars are for full batches: little work is mostly what every batch pays once."""
    return replace(row, bar=None)


if __name__ == "__main__":
    main()
