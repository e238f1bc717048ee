"""Rows of the table: a value beside its floor, with its spread and its bar."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: `value` in `unit`, and how many times the floor named `of` that is.

    `spread` holds the quartiles of the ratio over the rounds; None for counts. `bar` is the ratio's upper limit,
    `moonshot` a limit that would leave little to gain. `also` holds further figures by the heading of their column.
    """

    section: str
    name: str
    value: float
    unit: str
    ratio: float | None = None
    of: str = ""
    spread: tuple[float, float] | None = None
    bar: float | None = None
    moonshot: float | None = None
    also: Mapping[str, float] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        """Whether the row meets its bar: "met", "missed" or ""."""
        return self._verdict_on(self.bar)

    @property
    def verdict_on_moonshot(self) -> str:
        """Whether the row reaches its moonshot: "met", "missed" or ""."""
        return self._verdict_on(self.moonshot)

    def _verdict_on(self, most: float | None) -> str:
        if most is None or self.ratio is None:
            return ""
        return "met" if self.ratio <= most else "missed"


@dataclass(frozen=True, slots=True)
class Measurement:
    """The median of the values, and the median and quartiles of their ratio to the floor."""

    value: float
    ratio: float
    spread: tuple[float, float]


def measure_rounds(works: Mapping[str, Callable[[], float]], floor: str, rounds: int) -> dict[str, Measurement]:
    """Measure each work once a round, and compare it with the floor of the same round.

    Load and clock changes of the machine affect all works of a round.
    """
    return summarize_rounds([{name: work() for name, work in works.items()} for _ in range(rounds)], floor)


def summarize_rounds(measurements: Sequence[Mapping[str, float]], floor: str) -> dict[str, Measurement]:
    """Summarize rounds, each a mapping from work to its cost."""
    return {
        name: _summarize_work([costs[name] for costs in measurements], [costs[floor] for costs in measurements])
        for name in measurements[0]
    }


def _summarize_work(values: Sequence[float], floors: Sequence[float]) -> Measurement:
    ratios = [value / floor for value, floor in zip(values, floors, strict=True)]
    low, middle, high = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else ratios * 3
    return Measurement(statistics.median(values), middle, (low, high))


def format_table(rows: Sequence[Row]) -> str:
    """Format rows as text, section by section."""
    lines: list[str] = []
    for place, row in enumerate(rows):
        if place == 0 or rows[place - 1].section != row.section:
            lines += ["", _heading(row)]
        lines.append(_line(row))
    return "\n".join(lines[1:])


def _heading(row: Row) -> str:
    summarize_rounds = f"{row.section:60}{'value':>16}{'ratio':>10}"
    return summarize_rounds + ("".join(f"   {name:>7}" for name in row.also) or f"  {'quartiles':17}{'bar':>5}")


def _line(row: Row) -> str:
    ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
    return f"{row.name:60}{value_of(row):>16}{ratio:>10}{_rest(row)}".rstrip()


def _rest(row: Row) -> str:
    if row.also:
        return "".join(f"   {figure:{max(len(name), 7)},}" for name, figure in row.also.items())
    spread = "" if row.spread is None else f"{row.spread[0]:.2f} - {row.spread[1]:.2f}"
    bar = "" if row.bar is None else f"{row.bar:.2f}"
    moonshot = "" if row.moonshot is None else f", moonshot {row.moonshot:.2f} {row.verdict_on_moonshot}"
    return f"  {spread:17}{bar:>5} {row.verdict}{moonshot}"


def value_of(row: Row) -> str:
    """Format a value with its unit, in four digits."""
    value = f"{row.value:,.4g}" if abs(row.value) < 10_000 else f"{row.value:,.0f}"
    return f"{value} {row.unit}".rstrip()
