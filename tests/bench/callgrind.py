"""A program → how many instructions it takes, which don't depend on what else the machine does."""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from bench import subjects


def is_at_hand() -> bool:
    """Say whether valgrind is installed."""
    return shutil.which("valgrind") is not None


def instructions(code: str, folder: Path, *arguments: str, **variables: str) -> int:
    """Count what a whole process takes that runs a program in a folder, whose modules it finds first.

    It runs fifty times as long as it would by itself.
    """
    with tempfile.TemporaryDirectory() as temporary:
        tool = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={temporary}/out"]
        done = subprocess.run(
            [*tool, subjects.interpreter(), "-S", "-B", "-c", code, *arguments],
            capture_output=True,
            text=True,
            check=True,
            cwd=folder,
            env={**subjects.environment(folder), **variables},
        )
    collected = re.search(r"Collected : (\d+)", done.stderr)
    assert collected, done.stderr
    return int(collected[1])
