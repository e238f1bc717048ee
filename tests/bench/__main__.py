"""Every figure of the project, each a ratio inside one run: `make bench`."""

import argparse
import textwrap
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from bench import batch, bursts, cost, memory, mixes, planner_bench, planner_cost, planner_scopes, routing_cost, start
from bench.chart import chart
from bench.machine import machine
from bench.publishing import Published
from bench.rows import Row, table

SECTIONS: dict[str, Callable[..., Iterable[Row]]] = {
    "start": start.rows,
    "batch": batch.rows,
    "mixes": mixes.rows,
    "instructions": routing_cost.rows,
    "memory": memory.rows,
    "bursts": bursts.rows,
    "cost": cost.rows,
    "collateral": planner_bench.rows,
    "planning": planner_cost.rows,
    "scopes": planner_scopes.rows,
}

# What a section's figures rest on, where its rows don't say it.
_ASSUMED = {"bursts": textwrap.wrap(bursts.ASSUMED, 120), "cost": textwrap.wrap(cost.ASSUMED, 120)}


def main() -> None:
    """Measure the sections asked for, and print the table; a whole run also updates tests/README.md and its chart."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"all, or some of: {', '.join(SECTIONS)}")
    parser.add_argument("--quick", action="store_true", help="few rounds of little: says that it runs, not how fast")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows as JSON, too")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="draw the rows that have a bar")
    parser.add_argument("--redraw", action="store_true", help="write the tables and the chart of the last run again")
    options = parser.parse_args()
    unknown = set(options.sections) - SECTIONS.keys()
    if unknown:
        parser.error(f"no such section: {', '.join(sorted(unknown))}")
    if options.redraw:
        print(f"written: {', '.join(Published.load().publish())}")
        return
    covered_items = machine()
    print("; ".join(f"{name} {value}" for name, value in covered_items.items()))
    rows = list(_measure(options.sections or SECTIONS, quick=options.quick))
    print("\nmedians, each ratio of one round; again: make bench")
    run = Published(covered_items, rows)
    if options.json:
        options.json.write_text(run.as_json())
    if options.svg:
        options.svg.write_text(chart(rows))
    if not (options.sections or options.quick or options.json or options.svg):
        print(f"written: {', '.join(run.publish())}")


def _measure(sections: Iterable[str], *, quick: bool) -> Iterator[Row]:
    for name in sections:
        found = [_without_bar(row) if quick else row for row in SECTIONS[name](quick=quick)]
        print(f"\n{table(found)}" if found else f"\n{name}: skipped", *_ASSUMED.get(name, []), sep="\n", flush=True)
        yield from found


def _without_bar(row: Row) -> Row:
    """Bars are for full batches: little work is mostly what every batch pays once."""
    return replace(row, bar=None, moonshot=None)


if __name__ == "__main__":
    main()
