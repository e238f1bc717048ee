"""The figures of a run: invocations, calls, items, dollars, seconds until fresh."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from itertools import chain
from statistics import quantiles

from simulation.running import Run

# https://aws.amazon.com/cloudfront/pricing/ after the account's first 1,000 paths of a month
PRICE_PER_PATH_USD = 0.005
# https://aws.amazon.com/lambda/pricing/ : a request, and a second at 128 MB
_DOLLARS_PER_INVOCATION = 0.20 / 1_000_000
_DOLLARS_PER_SECOND = 0.0000166667 / 8
# https://aws.amazon.com/sqs/pricing/ : sent, received, deleted
_DOLLARS_PER_MESSAGE = 3 * 0.40 / 1_000_000


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of runs, which can be added."""

    changes: int = 0
    messages: int = 0
    invocations: int = 0
    killed: int = 0
    timed_out: int = 0
    calls: int = 0
    accepted: int = 0
    refused: int = 0
    items: int = 0
    dead_letters: int = 0
    dollars: float = 0.0
    seconds_to_fresh: tuple[float, ...] = ()

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))


def collect_figures(run: Run) -> Figures:
    """Read a run's figures off the double, the queues and Lambda."""
    ends = Counter(invocation.end for invocation in run.source.invocations)
    outcomes = run.double.ledger.outcomes(operation="CreateInvalidation")
    calls, accepted = outcomes.total(), outcomes["accepted"] + outcomes["accepted+cut"]
    items = sum(run.double.ledger.billed_paths.values())
    seconds = sum(invocation.seconds for invocation in run.source.invocations)
    fresh = [run.double.cache(name).seconds_to_fresh for name in run.environment.sites if name not in run.removed]
    return Figures(
        changes=len(run.applied_changes),
        messages=len(run.queue.entries),
        invocations=len(run.source.invocations),
        killed=ends["killed"],
        timed_out=ends["timed out"],
        calls=calls,
        accepted=accepted,
        refused=calls - accepted - outcomes["replayed"] - outcomes["replayed+cut"],
        items=items,
        dead_letters=len(run.dead_letters.letters),
        dollars=items * PRICE_PER_PATH_USD
        + len(run.source.invocations) * _DOLLARS_PER_INVOCATION
        + seconds * _DOLLARS_PER_SECOND
        + len(run.queue.entries) * _DOLLARS_PER_MESSAGE,
        seconds_to_fresh=tuple(chain.from_iterable(fresh)),
    )


def describe(figures: Figures) -> str:
    """Write figures on a few lines."""
    shown = {field.name: getattr(figures, field.name) for field in fields(figures)}
    del shown["seconds_to_fresh"], shown["dollars"]
    lines = [", ".join(f"{name.replace('_', ' ')} {value:,}" for name, value in shown.items())]
    lines.append(f"cost ${figures.dollars:,.2f}")
    lines += [f"seconds to fresh: {name} {value:,.0f}" for name, value in spread(figures.seconds_to_fresh).items()]
    return "\n".join(lines)


def spread(seconds: Iterable[float]) -> Mapping[str, float]:
    """Return the median, the 95th percentile and the most; {} of fewer than two."""
    values = sorted(seconds)
    if len(values) < 2:
        return {}
    percentiles = quantiles(values, n=100, method="inclusive")
    return {"p50": percentiles[49], "p95": percentiles[94], "most": values[-1]}
