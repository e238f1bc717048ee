"""Some seeds over HTTP, with botocore, roles and queues between the service and AWS."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from simulation.edges import MakeEdges
from simulation.judge import judge_seed, replay_hint
from simulation.over_http import http_edges
from simulation.running import RunOptions
from simulation.seeded_bugs import BUGS

SEEDS = range(20)


@pytest.fixture(scope="module")
def edges() -> Iterator[MakeEdges]:
    with http_edges() as made:
        yield made


@pytest.mark.parametrize("seed", SEEDS)
def test_seed_over_http_leaves_nothing_stale_or_lost(seed: int, edges: MakeEdges) -> None:
    assert judge_seed(seed, RunOptions(edges=edges)).violations == [], replay_hint(seed, "--http")


# A regime's faults exist only in the edges in memory.
@pytest.mark.parametrize("name", [name for name, bug in BUGS.items() if bug.options.regime == RunOptions().regime])
def test_seeded_bug_is_found_over_http(name: str, edges: MakeEdges) -> None:
    bug = BUGS[name]
    with bug.plant():
        assert any(judge_seed(seed, replace(bug.options, edges=edges)).violations for seed in SEEDS)


def test_seed_over_http_replays_identically(edges: MakeEdges) -> None:
    first, again = (judge_seed(1, RunOptions(edges=edges)) for _ in range(2))
    assert first == again
