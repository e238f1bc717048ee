"""A program → how many instructions it takes, which don't depend on what else the machine does."""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from subprocess import CompletedProcess

from bench import subjects
from bench.clock import MARK

PROCESSES = 2
"""How many programs may be counted at a time: others don't change what is counted."""


def is_at_hand() -> bool:
    """Say whether valgrind is installed."""
    return shutil.which("valgrind") is not None


def instructions(code: str, folder: Path, *arguments: str, **variables: str) -> int:
    """Count what a whole process takes that runs a program in a folder, whose modules it finds first.

    It runs fifty times as long as it would by itself.
    """
    with tempfile.TemporaryDirectory() as temporary:
        done = _run(code, folder, arguments, variables, f"--callgrind-out-file={temporary}/out")
    collected = re.search(r"Collected : (\d+)", done.stderr)
    assert collected, done.stderr
    return int(collected[1])


def work_instructions(code: str, folder: Path, *arguments: str, **variables: str) -> tuple[str, list[int]]:
    """Count what each work takes that a program passes to `cpu_seconds`, in order; returns what it printed, too."""
    with tempfile.TemporaryDirectory() as temporary:
        # A file for each part between two marks; every second part is a work.
        output = [f"--callgrind-out-file={temporary}/out", f"--dump-before={MARK}"]
        done = _run(code, folder, arguments, variables, *output)
        texts = {int(file.suffix[1:]): file.read_text() for file in Path(temporary).glob("out.*")}
    totals = [re.search(r"^totals: (\d+)", texts[part], re.MULTILINE) for part in sorted(texts)]
    return done.stdout, [int(total[1]) for total in totals[1::2] if total]


def _run(
    code: str, folder: Path, arguments: Sequence[str], variables: Mapping[str, str], *options: str
) -> CompletedProcess[str]:
    """Run a program in valgrind, which reports to stderr."""
    command = ["valgrind", "--tool=callgrind", *options, subjects.interpreter(), "-S", "-B", "-c", code, *arguments]
    environment = {**subjects.environment(folder), **variables}
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder, env=environment)
