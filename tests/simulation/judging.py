"""A seed → its verdict and its figures: the one call that tests and the command make."""

from typing import NamedTuple

from simulation.reporting import Figures, figures_of
from simulation.running import Kit, running
from simulation.verdict import judge


class Judged(NamedTuple):
    """What a seed's run came to; no faults means nothing stale, nothing lost."""

    seed: int
    faults: list[str]
    figures: Figures


def judged(seed: int, kit: Kit | None = None) -> Judged:
    """Run a seed and judge it; the figures are of the run before its dead letters go again."""
    with running(seed, kit or Kit()) as run:
        figures = figures_of(run)
        faults = judge(run)
    return Judged(seed, faults + [bug for bug in run.bugs if bug not in faults], figures)


def replay_hint(seed: int, *options: str) -> str:
    """Say how to see a seed again."""
    return " ".join(["replay it: cd tests && python -m simulation", str(seed), *options])
