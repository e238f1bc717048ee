"""Conditions added to a seed. They have a random generator of their own, so that a seed's run stays the same."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random
from typing import Any, NamedTuple

from simulation.changes import Change, draw_changes
from simulation.environment import BUCKET_OF_MANY, Environment, add_crowd, add_scopes
from simulation.faults import FaultPlan
from simulation.ledger_changes import complete_changes, extend_plan, skip_unchanged, write_again
from simulation.objects import Objects
from simulation.redeploys import edit_ledger, edit_map
from support.doubles.cloudfront import Rate


def _same_environment(_environment: Environment, _rng: Random) -> None:
    """Leave the environment unchanged."""


def _same_plan(plan: FaultPlan, _rng: Random) -> FaultPlan:
    return plan


def _given_changes(changes: list[Change], _plan: FaultPlan, _objects: Objects, _rng: Random) -> list[Change]:
    return changes


def _no_changes(_environment: Environment, _rng: Random) -> list[Change]:
    return []


EditMap = Callable[[dict[str, Any], Random, bool], dict[str, Any]]
"""An edit of the map that a run deploys; the flag is whether it is the run's last."""


# Each of a hundred changes may need a wildcard of its own. One in five minutes would not do in the six hours of a job.
_MANY_WILDCARDS = {"wildcards_in_progress": 15, "wildcard_rate": Rate(1, 15)}


class Regime(NamedTuple):
    """The additions to a seed's environment, faults and changes, and its edits of the map."""

    extend_environment: Callable[[Environment, Random], None] = _same_environment
    extend_plan: Callable[[FaultPlan, Random], FaultPlan] = _same_plan
    extra_changes: Callable[[Environment, Random], list[Change]] = _no_changes
    complete_changes: Callable[[list[Change], FaultPlan, Objects, Random], list[Change]] = _given_changes
    edit_map: EditMap = edit_map
    max_changes: int = 2_000
    quotas: Mapping[str, Any] = {}  # in place of drawn ones


def _sweeps(environment: Environment, rng: Random) -> list[Change]:
    """Change an object under each prefix of the added bucket, twice."""
    begins = (rng.uniform(0, 30), rng.uniform(100, 400))
    folders = environment.folders[BUCKET_OF_MANY]
    return [Change(begin, BUCKET_OF_MANY, f"{folder}index.html", "created") for begin in begins for folder in folders]


def _overlapping_sweeps(environment: Environment, rng: Random) -> list[Change]:
    """Change objects under each prefix of the added bucket again and again, while jobs of them wait."""
    folders = environment.folders[BUCKET_OF_MANY]
    begins = [rng.uniform(0, 120) for _ in range(rng.choice((1, 2, 4)))]
    spacing = rng.choice((0.0, 0.1, 2.0))
    return [
        Change(begin + number * spacing, BUCKET_OF_MANY, f"{folder}page-{sweep % 2}.html", "created")
        for sweep, begin in enumerate(begins)
        for number, folder in enumerate(rng.sample(folders, len(folders)))
    ]


def _deploy(environment: Environment, rng: Random) -> list[Change]:
    changes = draw_changes(rng, environment.folders, rng.choice((100, 400, 1_500)))
    return [replace(change, at=change.at / 100) for change in changes]


def _busy_processor(plan: FaultPlan, rng: Random) -> FaultPlan:
    """Make routing and planning take time: up to 40 s for 2,000 changes, and sometimes twenty times that."""
    return replace(
        plan,
        seconds_per_change=rng.choice((0.001, 0.005, 0.02)),
        seconds_per_planned_item=rng.choice((0.001, 0.002, 0.005)),
        busy=rng.choice((0.0, 0.1, 0.5)),
    )


def _slow_sts(plan: FaultPlan, rng: Random) -> FaultPlan:
    return replace(plan, slow_sts=rng.choice((0.3, 0.9, 1.0)), slow=rng.choice((0.0, 0.3)))


def _redeploys(plan: FaultPlan, rng: Random) -> FaultPlan:
    return replace(plan, redeployed_at=tuple(rng.uniform(1, 900) for _ in range(8)))


REGIMES: Mapping[str, Regime] = {
    "drawn": Regime(),
    "scopes": Regime(extend_environment=add_scopes, extra_changes=_sweeps),
    "crowds": Regime(extend_environment=add_crowd, extra_changes=_overlapping_sweeps),
    "processor": Regime(extend_plan=_busy_processor, extra_changes=_deploy),
    "sts": Regime(extend_plan=_slow_sts),
    "redeploys": Regime(extend_plan=_redeploys),
    "ledger": Regime(skip_unchanged, extend_plan, write_again, complete_changes, edit_ledger, 20, _MANY_WILDCARDS),
}
