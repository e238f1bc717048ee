"""Rows of the table: what was measured, beside its floor, with its spread and its bar."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: `value` in `unit`, and how many times the floor named `of` that is.

    `spread` holds the quartiles of the ratio over the rounds; None where counting leaves none. `bar` is what the ratio
    may be at most, `moonshot` what it would be if little were left to gain. `also` has what else is to be told, by the
    heading of its column.
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
    def violations(self) -> str:
        """Say whether the row keeps its bar."""
        return self._verdict_on(self.bar)

    @property
    def verdict_on_moonshot(self) -> str:
        """Say whether the row reaches its moonshot."""
        return self._verdict_on(self.moonshot)

    def _verdict_on(self, most: float | None) -> str:
        if most is None or self.ratio is None:
            return ""
        return "met" if self.ratio <= most else "missed"


@dataclass(frozen=True, slots=True)
class Measured:
    """The median of what was measured, and the median and the quartiles of its ratio to the floor."""

    value: float
    ratio: float
    spread: tuple[float, float]


def interleaved(works: Mapping[str, Callable[[], float]], floor: str, rounds: int) -> dict[str, Measured]:
    """Measure each work once a round, and compare it with the floor of the same round.

    A machine that is busy or changes its clock is so for all works of a round.
    """
    return measured([{name: work() for name, work in works.items()} for _ in range(rounds)], floor)


def measured(taken: Sequence[Mapping[str, float]], floor: str) -> dict[str, Measured]:
    """Sum rounds up, each of which has what every work took."""
    return {name: _measured([each[name] for each in taken], [each[floor] for each in taken]) for name in taken[0]}


def _measured(values: Sequence[float], floors: Sequence[float]) -> Measured:
    ratios = [value / floor for value, floor in zip(values, floors, strict=True)]
    low, middle, high = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else ratios * 3
    return Measured(statistics.median(values), middle, (low, high))


def table(rows: Sequence[Row]) -> str:
    """Write rows as text, section by section."""
    lines: list[str] = []
    for place, row in enumerate(rows):
        if place == 0 or rows[place - 1].section != row.section:
            lines += ["", _heading(row)]
        lines.append(_line(row))
    return "\n".join(lines[1:])


def _heading(row: Row) -> str:
    measured = f"{row.section:60}{'value':>16}{'ratio':>10}"
    return measured + ("".join(f"   {name:>7}" for name in row.also) or f"  {'quartiles':17}{'bar':>5}")


def _line(row: Row) -> str:
    ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
    return f"{row.name:60}{value_of(row):>16}{ratio:>10}{_rest(row)}".rstrip()


def _rest(row: Row) -> str:
    if row.also:
        return "".join(f"   {figure:{max(len(name), 7)},}" for name, figure in row.also.items())
    spread = "" if row.spread is None else f"{row.spread[0]:.2f} - {row.spread[1]:.2f}"
    bar = "" if row.bar is None else f"{row.bar:.2f}"
    moonshot = "" if row.moonshot is None else f", moonshot {row.moonshot:.2f} {row.verdict_on_moonshot}"
    return f"  {spread:17}{bar:>5} {row.violations}{moonshot}"


def value_of(row: Row) -> str:
    """Write what was measured, four digits of it."""
    value = f"{row.value:,.4g}" if abs(row.value) < 10_000 else f"{row.value:,.0f}"
    return f"{value} {row.unit}".rstrip()
