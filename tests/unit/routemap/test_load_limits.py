"""Tests of the limits of a map: size, aliases, nesting, and a cost that grows with its size only."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from purgemap.routemap.load import load_map, read_map
from purgemap.routemap.parse.yaml_nodes import MAX_BYTES
from purgemap.routemap.problems import MapError
from support.call_counts import count_calls
from support.places import TESTS


def problems_of(path: Path) -> list[str]:
    with pytest.raises(MapError) as caught:
        load_map(path)
    return [problem.message for problem in caught.value.problems]


def large_map(routes: int) -> str:
    names = "".join(f"  site-{n}: {{id: E{n:013d}, origin_path: /sites/{n}}}\n" for n in range(routes))
    rows = "".join(f"  - {{bucket: acme-{n}, prefix: sites/{n}/, distributions: [site-{n}]}}\n" for n in range(routes))
    return f"version: 1\ndistributions:\n{names}routes:\n{rows}"


def test_file_over_size_limit_is_rejected_unread(tmp_path: Path) -> None:
    file = tmp_path / "routes.yaml"
    file.write_bytes(b"#" * (MAX_BYTES + 1))
    [message] = problems_of(file)
    assert "split it" in message


BOMBS = {
    "lists": "[" + ", ".join(["*a#"] * 9) + "]",
    "mappings": "{" + ", ".join(f"k{n}: *a#" for n in range(5)) + "}",
    "merges": "{<<: [" + ", ".join(["*a#"] * 5) + "]}",
    "levels": "[*a#]",
}


@pytest.mark.parametrize("name", BOMBS)
def test_alias_bomb_is_rejected_within_200_megabytes(tmp_path: Path, name: str) -> None:
    lines = ["a0: &a0 {x: y}", *(f"a{n + 1}: &a{n + 1} {BOMBS[name]}".replace("#", str(n)) for n in range(80))]
    bomb = tmp_path / "routes.yaml"
    bomb.write_text("\n".join(lines)[:1024].rpartition("\n")[0])
    code = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (200_000_000, 200_000_000))
from purgemap.routemap.load import load_map
from purgemap.routemap.problems import MapError
import purgemap.routemap.parse.read
from support.call_counts import count_calls
def load():
    try:
        load_map(sys.argv[1])
    except MapError as error:
        print(error)
print(count_calls(load))
"""
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    command = [sys.executable, "-c", code, str(bomb)]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    message, calls = run.stdout.splitlines()
    assert ": aliases " in message
    assert " more than " in message
    assert int(calls) < 20_000


def test_nesting_deeper_than_parser_stack_is_rejected(tmp_path: Path) -> None:
    file = tmp_path / "routes.yaml"
    file.write_text("routes: " + "[" * 500_000)
    [message] = problems_of(file)
    assert "levels" in message


def test_map_of_ten_thousand_routes_loads(tmp_path: Path) -> None:
    file = tmp_path / "routes.yaml"
    file.write_text(large_map(10_000))
    routes = load_map(file)
    assert len(routes.buckets) == 10_000


def test_cost_of_check_grows_linearly_with_map(tmp_path: Path) -> None:
    # Calls are counted, since a busy machine changes any time.
    def calls(routes: int) -> int:
        file = tmp_path / "routes.yaml"
        file.write_text(large_map(routes))
        return count_calls(lambda: read_map(file))

    calls(10)
    assert calls(1_000) < 2.2 * calls(500)
