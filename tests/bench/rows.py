"""Rows of the table: what was measured, beside its floor, with its spread and its bar."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: `value` in `unit`, and how many times the floor named `of` that is.

    `spread` holds the quartiles of the ratio over the rounds; None where counting leaves none. `bar` is what the ratio
    may be at most.
    """

    section: str
    name: str
    value: float
    unit: str
    ratio: float | None = None
    of: str = ""
    spread: tuple[float, float] | None = None
    bar: float | None = None

    @property
    def verdict(self) -> str:
        """Say whether the row keeps its bar."""
        if self.bar is None or self.ratio is None:
            return ""
        return "met" if self.ratio <= self.bar else "missed"


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
            lines += ["", f"{row.section:56}{'value':>20}{'ratio':>10}  {'quartiles':15}{'bar':>6}"]
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        spread = "" if row.spread is None else f"{row.spread[0]:.2f} - {row.spread[1]:.2f}"
        bar = "" if row.bar is None else f"{row.bar:.2f}"
        value = f"{row.value:,.4g} {row.unit}" if abs(row.value) < 10_000 else f"{row.value:,.0f} {row.unit}"
        lines.append(f"{row.name:56}{value:>20}{ratio:>10}  {spread:15}{bar:>6} {row.verdict}".rstrip())
    return "\n".join(lines[1:])
