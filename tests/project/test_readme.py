"""README's examples are real: its files are written, its commands run, and what they print stands there."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from purgemap.cli.check import check
from support.places import ROOT

README = ROOT / "README.md"
HOOKS = ROOT / ".pre-commit-hooks.yaml"

_FILE = re.compile(r"<!-- file: (?P<name>\S+) -->\n```\w+\n(?P<text>.*?)```", re.DOTALL)
_RUN = re.compile(
    r"<!-- run(?:: (?P<status>\d))? -->\n```console\n\$ (?P<command>[^\n]+)\n(?P<output>.*?)```", re.DOTALL
)

EXAMPLES = list(_RUN.finditer(README.read_text()))

_REFUSED = {shlex.split(example["command"])[-1] for example in EXAMPLES if example["status"]}
_REFUSED_MAPS = [file["text"] for file in _FILE.finditer(README.read_text()) if file["name"] in _REFUSED]
_YAML = re.findall(r"```yaml\n(.*?)```", README.read_text(), re.DOTALL)
(HOOK,) = (block for block in _YAML if block.startswith("repos:"))
MAPS = [block for block in _YAML if block != HOOK and block not in _REFUSED_MAPS]


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


@pytest.mark.parametrize("block", MAPS)
def test_check_is_fine_with_each_map_of_readme_and_its_tests(block: str, tmp_path: Path) -> None:
    file = tmp_path / "routes.yaml"
    file.write_text(block)
    result = CliRunner().invoke(check, [str(file)], standalone_mode=False)
    assert result.output.endswith(": fine\n"), result.output


def test_the_hook_of_readme_is_there_at_a_commit() -> None:
    (repository,) = yaml.safe_load(HOOK)["repos"]
    assert [hook["id"] for hook in repository["hooks"]] == [hook["id"] for hook in yaml.safe_load(HOOKS.read_text())]
    assert re.fullmatch("[0-9a-f]{40}", repository["rev"]), "no tag names a version yet"
