"""Seeded simulations of the whole service: no object is stale or lost, and seeded bugs are detected."""

import re
from importlib.resources import files

import pytest

from simulation import lambdas, queues
from simulation.faults import QUOTAS
from simulation.judge import judge_seed, replay_hint
from simulation.regimes import REGIMES
from simulation.reporting import Figures
from simulation.running import RunOptions
from simulation.seeded_bugs import BUGS

SEEDS = range(100)
SEEDS_OF_A_REGIME = range(20)
SEEDS_OF_THE_LEDGER = range(20, 50)
SEEDS_TO_FIND_A_BUG = range(60)

TEMPLATE = files("purgemap.deploy") / "template.yaml"


@pytest.mark.parametrize("quotas", QUOTAS)
@pytest.mark.parametrize("first", SEEDS[::10])
def test_seed_leaves_nothing_stale_or_lost(first: int, quotas: str) -> None:
    for seed in range(first, first + 10):
        violations = judge_seed(seed, RunOptions(quotas=quotas)).violations
        assert violations == [], replay_hint(seed, "--quotas", quotas)


@pytest.mark.parametrize("first", SEEDS_OF_A_REGIME[::10])
@pytest.mark.parametrize("regime", [name for name in REGIMES if name != "drawn"])
def test_regime_leaves_nothing_stale_or_lost(regime: str, first: int) -> None:
    for seed in range(first, first + 10):
        violations = judge_seed(seed, RunOptions(regime=regime)).violations
        assert violations == [], replay_hint(seed, "--regime", regime)


@pytest.mark.parametrize("first", SEEDS_OF_THE_LEDGER[::10])
def test_ledger_leaves_nothing_stale_or_lost(first: int) -> None:
    for seed in range(first, first + 10):
        judged = judge_seed(seed, RunOptions(regime="ledger"))
        assert judged.violations == [], replay_hint(seed, "--regime", "ledger")


@pytest.mark.parametrize("name", BUGS)
def test_seeded_bug_is_found(name: str) -> None:
    bug = BUGS[name]
    with bug.plant():
        assert any(judge_seed(seed, bug.options).violations for seed in SEEDS_TO_FIND_A_BUG)


def test_seed_replays_identically() -> None:
    first, again = judge_seed(9), judge_seed(9)
    assert first == again
    assert first.figures != Figures()


def test_simulated_queue_has_deployed_settings() -> None:
    text = TEMPLATE.read_text()
    window = re.search(r"  Window:\n(?:    .*\n)*?    Default: (\d+)", text)
    assert window is not None
    assert int(window[1]) == lambdas.WINDOW_SECONDS
    for name, value in {
        "VisibilityTimeout": queues.VISIBILITY_TIMEOUT,
        "maxReceiveCount": queues.MAX_RECEIVES,
        "BatchSize": lambdas.BATCH_SIZE,
        "MaximumConcurrency": lambdas.CONCURRENCY,
        "Timeout": lambdas.TIMEOUT_SECONDS,
    }.items():
        assert re.search(rf"^ +{name}: {value}\b", text, re.MULTILINE), name
