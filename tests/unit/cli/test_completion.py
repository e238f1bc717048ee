"""Completion as a shell calls it: the installed command, with the words of the line in its environment."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.ids import E1

MAP = f"""\
version: 1
distributions:
  www: {{id: {E1}}}
routes:
  - {{bucket: acme-www, distributions: [www]}}
  - {{bucket: acme-blog, distributions: [www]}}
"""
COMMAND = Path(sys.executable).with_name("purgemap")


def complete(*words: str) -> list[str]:
    """Return what the command offers for the last word of a line."""
    variables = {
        "_PURGEMAP_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(words),
        "COMP_CWORD": str(len(words) - 1),
    }
    run = subprocess.run([COMMAND], env={**os.environ, **variables}, capture_output=True, text=True, check=True)
    assert run.stderr == ""
    return run.stdout.split()


@pytest.fixture(autouse=True)
def _map_file(_in_empty_folder: None) -> None:
    Path("map.yaml").write_text(MAP)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("purgemap pl", ["plain,plan"]),
        ("purgemap plan --list", ["plain,--listing"]),
        ("purgemap explain --event c", ["plain,created"]),
        ("purgemap plan --routes m", ["file,m"]),
        ("purgemap check m", ["file,m"]),
        ("purgemap plan --routes map.yaml --bucket acme-b", ["plain,acme-blog"]),
        ("purgemap status --routes map.yaml --distribution w", ["plain,www"]),
        ("purgemap status --routes absent.yaml --distribution w", []),
    ],
)
def test_completion_offers(line: str, expected: list[str]) -> None:
    assert complete(*line.split(" ")) == expected


def test_completion_of_a_command_imports_no_command() -> None:
    variables = {"_PURGEMAP_COMPLETE": "bash_complete", "COMP_WORDS": "purgemap d", "COMP_CWORD": "1"}
    run = subprocess.run(
        [sys.executable, "-X", "importtime", COMMAND],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "plain,deploy\n" in run.stdout
    assert "purgemap.cli.main" in run.stderr
    assert not any(module in run.stderr for module in ("botocore", "purgemap.cli.deploy", "purgemap.operations"))


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_completion_works_in_bash_as_documented() -> None:
    script = (
        'eval "$(_PURGEMAP_COMPLETE=bash_source purgemap)"; '
        "COMP_WORDS=(purgemap plan --routes map.yaml --bucket acme-w); COMP_CWORD=5; "
        'complete -p purgemap; _purgemap_completion purgemap; echo "${COMPREPLY[@]}"'
    )
    path = os.pathsep.join([str(COMMAND.parent), os.environ["PATH"]])
    run = subprocess.run(
        ["bash", "-c", script], env={**os.environ, "PATH": path}, capture_output=True, text=True, check=True
    )
    assert run.stdout.splitlines()[-1] == "acme-www"
