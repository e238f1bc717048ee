"""Run a command of the command line in the process of a test."""

from typing import Any

import click
from click.testing import CliRunner, Result


def invoke(command: click.Command, *arguments: object, **settings: Any) -> Result:
    """Run a command; `settings` are those of `CliRunner.invoke`. The result has what it returned or raised."""
    return CliRunner().invoke(command, list(map(str, arguments)), standalone_mode=False, **settings)
