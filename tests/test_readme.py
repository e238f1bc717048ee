"""README's examples are real: its files are written, its commands run, and what they print stands there."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from purgemap.routes.loading import load_routes

README = Path(__file__).parents[1] / "README.md"

_FILE = re.compile(r"<!-- file: (?P<name>\S+) -->\n```\w+\n(?P<text>.*?)```", re.DOTALL)
_RUN = re.compile(
    r"<!-- run(?:: (?P<status>\d))? -->\n```console\n\$ (?P<command>[^\n]+)\n(?P<output>.*?)```", re.DOTALL
)

EXAMPLES = list(_RUN.finditer(README.read_text()))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["command"])
def test_each_example_prints_what_readme_says(example: re.Match[str], tmp_path: Path) -> None:
    for file in _FILE.finditer(README.read_text()):
        (tmp_path / file["name"]).write_text(file["text"])
    command, *arguments = shlex.split(example["command"])
    run = subprocess.run(
        [Path(sys.executable).with_name(command), *arguments],
        cwd=tmp_path,
        env={**os.environ, "COLUMNS": "200", "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.stdout + run.stderr).splitlines() == example["output"].splitlines()
    assert run.returncode == int(example["status"] or 0)


def test_readme_has_the_classic_scenario_as_its_first_example() -> None:
    assert "s3://my-site/index.html" in EXAMPLES[0]["command"]


@pytest.mark.parametrize(
    "block", re.findall(r"```yaml\n(routes:.*?|distributions:.*?)```", README.read_text(), re.DOTALL)
)
def test_each_map_of_readme_is_valid(block: str, tmp_path: Path) -> None:
    (tmp_path / "routes.yaml").write_text("version: 1\n" + block)
    load_routes(tmp_path / "routes.yaml")
