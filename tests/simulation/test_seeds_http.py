"""Some of the seeds once more, with all that is between the service and AWS: botocore, HTTP, roles and queues."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from simulation.edges import MakeEdges
from simulation.judging import judged, replay_hint
from simulation.over_http import http_edges
from simulation.planted import BUGS
from simulation.running import Kit

SEEDS = range(20)


@pytest.fixture(scope="module")
def edges() -> Iterator[MakeEdges]:
    with http_edges() as made:
        yield made


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_is_stale_and_nothing_is_lost_over_http(seed: int, edges: MakeEdges) -> None:
    assert judged(seed, Kit(edges=edges)).faults == [], replay_hint(seed, "--http")


# The troubles of a regime are those of its own edges.
@pytest.mark.parametrize("name", [name for name, bug in BUGS.items() if bug.kit.regime == Kit().regime])
def test_a_planted_bug_is_found_over_http(name: str, edges: MakeEdges) -> None:
    bug = BUGS[name]
    with bug.plant():
        assert any(judged(seed, replace(bug.kit, edges=edges)).faults for seed in SEEDS)


def test_a_run_over_http_is_the_same_every_time(edges: MakeEdges) -> None:
    first, again = (judged(1, Kit(edges=edges)) for _ in range(2))
    assert first == again
