"""The `purgemap` command: finds the subcommand, and turns what goes wrong into an exit code."""

import importlib
import sys

import click

import purgemap
from purgemap.errors import PurgemapError

# Each is a module of this package with a click command of the same name, imported when it is asked for: `check` must
# not wait for the embedded AWS.
_COMMANDS = ("build", "check", "demo", "deploy", "diff", "explain", "invalidate", "plan", "redrive", "render", "status")


class _Commands(click.Group):
    """Finds subcommands by their names."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = getattr(importlib.import_module(f"purgemap.cli.{cmd_name}"), cmd_name)
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(purgemap.__version__)
def purgemap_command() -> None:
    """Keep CloudFront caches true to S3."""


def main() -> None:
    """Run the command line: 0 fine, 1 the input is wrong (one line says how), 2 usage."""
    try:
        status = purgemap_command(prog_name="purgemap", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        status = error.exit_code
    except click.Abort:
        status = 130
    except PurgemapError as error:
        click.echo(f"purgemap: {error}", err=True)
        status = 1
    sys.exit(status)
