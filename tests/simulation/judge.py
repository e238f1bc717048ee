"""Run a seed and judge it: the one call that tests and the command make."""

from typing import NamedTuple

from simulation.reporting import Figures, collect_figures
from simulation.running import RunOptions, run_seed
from simulation.violations import list_violations


class JudgedSeed(NamedTuple):
    """The violations and figures of a seed's run; without violations nothing is stale or lost."""

    seed: int
    violations: list[str]
    figures: Figures


def judge_seed(seed: int, options: RunOptions | None = None) -> JudgedSeed:
    """Run a seed and judge it. The figures are those of the run before its dead letters are redriven."""
    with run_seed(seed, options or RunOptions()) as run:
        figures = collect_figures(run)
        violations = list_violations(run)
    return JudgedSeed(seed, violations + [bug for bug in run.bugs if bug not in violations], figures)


def replay_hint(seed: int, *options: str) -> str:
    """Return the command that runs a seed again."""
    return " ".join(["replay it: cd tests && python -m simulation", str(seed), *options])
