"""Run a command of the command line: in the process of a test, or on a terminal."""

import os
import pty
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import click
from click.testing import CliRunner, Result


def invoke(command: click.Command, *arguments: object, **settings: Any) -> Result:
    """Run a command; `settings` are those of `CliRunner.invoke`. The result has what it returned or raised."""
    return CliRunner().invoke(command, list(map(str, arguments)), standalone_mode=False, **settings)


def answer_on_terminal(environment: Mapping[str, str], command: str, answer: bytes) -> tuple[int, str]:
    """Run a command line on a terminal and answer its question; returns its exit code and all of its output."""
    code = "import sys; from purgemap.cli.main import main; sys.exit(main())"
    ours, theirs = pty.openpty()
    os.write(ours, answer)
    done = subprocess.run(
        [sys.executable, "-c", code, *command.split()],
        stdin=theirs,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    for descriptor in (ours, theirs):
        os.close(descriptor)
    return done.returncode, done.stdout + done.stderr
