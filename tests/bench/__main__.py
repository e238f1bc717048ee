"""Measure every figure of the project as a ratio within one run: `make bench`."""

import argparse
import textwrap
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from bench import (
    batch,
    batch_cost,
    bursts,
    cost,
    first_call,
    memory,
    mixes,
    planner_bench,
    planner_cost,
    planner_scopes,
    routing_cost,
    start,
)
from bench.chart import draw_chart
from bench.machine import describe_machine
from bench.publishing import Published
from bench.rows import Row, format_table

SECTIONS: dict[str, Callable[..., Iterable[Row]]] = {
    "start": start.rows,
    "call": first_call.rows,
    "batch": batch.rows,
    "mixes": mixes.rows,
    "instructions": routing_cost.rows,
    "delivery": batch_cost.rows,
    "memory": memory.rows,
    "bursts": bursts.rows,
    "cost": cost.rows,
    "collateral": planner_bench.rows,
    "planning": planner_cost.rows,
    "scopes": planner_scopes.rows,
}

# The assumptions of a section, printed below its rows.
_ASSUMPTIONS = {"bursts": textwrap.wrap(bursts.ASSUMED, 120), "cost": textwrap.wrap(cost.ASSUMED, 120)}


def main() -> None:
    """Measure sections and print their tables; a complete run also updates tests/README.md and its chart."""
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
    facts = describe_machine()
    print("; ".join(f"{name} {value}" for name, value in facts.items()))
    rows = list(_measure(options.sections or SECTIONS, quick=options.quick))
    print("\nmedians, each ratio of one round; again: make bench")
    run = Published(facts, rows)
    if options.json:
        options.json.write_text(run.as_json())
    if options.svg:
        options.svg.write_text(draw_chart(rows))
    if not (options.sections or options.quick or options.json or options.svg):
        print(f"written: {', '.join(run.publish())}")


def _measure(sections: Iterable[str], *, quick: bool) -> Iterator[Row]:
    for name in sections:
        rows = [_without_bar(row) if quick else row for row in SECTIONS[name](quick=quick)]
        print(
            f"\n{format_table(rows)}" if rows else f"\n{name}: skipped",
            *_ASSUMPTIONS.get(name, []),
            sep="\n",
            flush=True,
        )
        yield from rows


def _without_bar(row: Row) -> Row:
    """Return a row without limits: in a quick run the fixed cost of a batch dominates."""
    return replace(row, bar=None, moonshot=None)


if __name__ == "__main__":
    main()
