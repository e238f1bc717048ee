"""What a run may have beside its seed's troubles; drawn apart from them, so that each seed's run stays what it was."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random
from typing import NamedTuple

from simulation.changes import Change, draw_changes
from simulation.environment import BUCKET_OF_MANY, Environment, add_scopes
from simulation.faults import Plan


def _same_world(_world: Environment, _rng: Random) -> None:
    """Leave the world as it was drawn."""


def _same_plan(plan: Plan, _rng: Random) -> Plan:
    return plan


def _no_changes(_world: Environment, _rng: Random) -> list[Change]:
    return []


class Regime(NamedTuple):
    """What is added to a seed's world, to its troubles, and to what changes."""

    extend_world: Callable[[Environment, Random], None] = _same_world
    extend_plan: Callable[[Plan, Random], Plan] = _same_plan
    further_changes: Callable[[Environment, Random], list[Change]] = _no_changes


def _sweeps(environment: Environment, rng: Random) -> list[Change]:
    """Change an object under each prefix, twice; `add_scopes` has added the bucket."""
    begins = (rng.uniform(0, 30), rng.uniform(100, 400))
    folders = environment.folders[BUCKET_OF_MANY]
    return [Change(begin, BUCKET_OF_MANY, f"{folder}index.html", "created") for begin in begins for folder in folders]


def _deploy(environment: Environment, rng: Random) -> list[Change]:
    changes = draw_changes(rng, environment.folders, rng.choice((100, 400, 1_500)))
    return [replace(change, at=change.at / 100) for change in changes]


def _busy_processor(plan: Plan, rng: Random) -> Plan:
    """Let routing and planning take time: 2,000 changes up to 40 s of it, and at times twenty times that."""
    return replace(
        plan,
        seconds_per_change=rng.choice((0.001, 0.005, 0.02)),
        seconds_per_planned_item=rng.choice((0.001, 0.002, 0.005)),
        busy=rng.choice((0.0, 0.1, 0.5)),
    )


def _slow_sts(plan: Plan, rng: Random) -> Plan:
    return replace(plan, slow_sts=rng.choice((0.3, 0.9, 1.0)), slow=rng.choice((0.0, 0.3)))


def _redeploys(plan: Plan, rng: Random) -> Plan:
    return replace(plan, redeployed_at=tuple(rng.uniform(1, 900) for _ in range(8)))


REGIMES: Mapping[str, Regime] = {
    "drawn": Regime(),
    "scopes": Regime(extend_world=add_scopes, further_changes=_sweeps),
    "processor": Regime(extend_plan=_busy_processor, further_changes=_deploy),
    "sts": Regime(extend_plan=_slow_sts),
    "redeploys": Regime(extend_plan=_redeploys),
}
