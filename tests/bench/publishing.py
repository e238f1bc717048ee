"""Publish a run: the tables of tests/README.md, the chart, and the data of both."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any, NamedTuple, Self

from bench import bursts, cost
from bench.chart import draw_chart
from bench.rows import Row, value_of
from support.places import ROOT, TESTS

PAGE = TESTS / "README.md"
RESULTS, CHART = TESTS / "bench/results.json", TESTS / "bench/chart.svg"

_BLOCK = re.compile(r"(?<=<!-- bench: )(\w+)( -->\n).*?(?=<!-- /bench -->)", re.DOTALL)

# `make bench` prints all bursts; the page has room for these.
_SHOWN_BURSTS = ("100 over 1, 0.5/s", "5,000 over 50, 0.5/s", "100,000 over 500, 2/s")


class Published(NamedTuple):
    """The machine of a run and its rows."""

    machine: Mapping[str, str]
    rows: Sequence[Row]

    @classmethod
    def load(cls) -> Self:
        """Read the published run."""
        document = json.loads(RESULTS.read_text())
        return cls(document["machine"], [_row(config) for config in document["rows"]])

    def as_json(self) -> str:
        """Format the machine and the rows, each with its verdicts, as JSON."""
        document = {"machine": self.machine, "rows": [asdict(row) | _verdicts(row) for row in self.rows]}
        return json.dumps(document, indent=1) + "\n"

    def fill_tables(self, page: str) -> str:
        """Replace the blocks of a page between `<!-- bench: name -->` and `<!-- /bench -->`."""
        return _BLOCK.sub(lambda block: block[1] + block[2] + _TABLES[block[1]](self) + "\n", page)

    def publish(self) -> list[str]:
        """Write the data, the chart and the page; return the names of the files."""
        texts = {RESULTS: self.as_json(), CHART: draw_chart(self.rows), PAGE: self.fill_tables(PAGE.read_text())}
        for file, text in texts.items():
            file.write_text(text)
        return [str(file.relative_to(ROOT)) for file in texts]


def _verdicts(row: Row) -> dict[str, str]:
    return {"verdict": row.verdict, "verdict_on_moonshot": row.verdict_on_moonshot}


def _row(config: Mapping[str, Any]) -> Row:
    return Row(**{each.name: config[each.name] for each in fields(Row)})


def _machine(run: Published) -> str:
    return "; ".join(f"{name} {value}" for name, value in run.machine.items())


def _bars(run: Published) -> str:
    """Format the rows with a moonshot or a missed bar, and of each section the row nearest to its bar."""
    nearest = {row.section: row for row in sorted((row for row in run.rows if row.bar), key=_share_of_bar)}
    shown = [row for row in run.rows if row.moonshot or row.verdict == "missed" or row is nearest.get(row.section)]
    return _table(
        ("measured", "of it", "beside", "ratio", "bar", "moonshot"),
        [
            (
                row.section,
                row.name.replace("*", r"\*"),
                row.of,
                f"**{row.ratio:.2f}**",
                _limit(row.bar, row.verdict),
                _limit(row.moonshot, row.verdict_on_moonshot),
            )
            for row in shown
        ],
        texts=3,
    )


def _share_of_bar(row: Row) -> float:
    assert row.ratio is not None
    assert row.bar
    return row.ratio / row.bar


def _limit(most: float | None, verdict: str) -> str:
    return "" if most is None else f"{most:.2f} {verdict}"


def _bursts(run: Published) -> str:
    shown = [row for row in run.rows if row.section == bursts.SECTION and row.name.startswith(_SHOWN_BURSTS)]
    text = _table(
        ("a burst", *shown[0].also, "all fresh after", "beside the floor"),
        [
            (
                row.name,
                *(f"{figure:,}" for figure in row.also.values()),
                "never" if row.also["stale"] else value_of(row),
                "" if row.ratio is None else f"{row.ratio:.2f}",
            )
            for row in shown
        ],
    )
    return f"{text}\n\n{bursts.ASSUMED}"


def _months(run: Published) -> str:
    rows = [row for row in run.rows if row.section == cost.SECTION]
    config = [
        (row.name, f"**{row.value:,.2f}**", *(f"{dollars:,.2f}" for dollars in row.also.values())) for row in rows
    ]
    return f"{_table(('a month', 'dollars', *rows[0].also), config)}\n\n{cost.ASSUMED}"


def _table(heading: Sequence[str], rows: Sequence[Sequence[str]], texts: int = 1) -> str:
    """Format a Markdown table whose first `texts` columns are left-aligned."""
    rule = [*["---"] * texts, *["---:"] * (len(heading) - texts)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (heading, rule, *rows))


_TABLES: dict[str, Callable[[Published], str]] = {
    "machine": _machine,
    "bars": _bars,
    "bursts": _bursts,
    "months": _months,
}
