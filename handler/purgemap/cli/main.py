"""The `purgemap` command: find the subcommand, and turn errors into exit codes."""

import errno
import importlib
import io
import os
import sys

import click
from click.shell_completion import CompletionItem

import purgemap
from purgemap.cli.options import INTERRUPTED
from purgemap.cli.terminal import print_line, print_lines
from purgemap.errors import PurgemapError
from purgemap.routemap import MapError

COMMAND_GROUPS = {
    "Write the map": ("init", "discover", "check", "schema", "explain", "explore"),
    "Preview a change": ("plan", "diff", "graph", "render", "build"),
    "Deploy": ("deploy", "destroy"),
    "Operate": ("status", "doctor", "wait", "invalidate", "redrive", "ledger"),
    "Try": ("demo",),
}
"""The commands by task, in the order of their use.

Each is a module of this package with a click command of the same name. It is imported only if it runs, so that `check`
does not wait for the imports of the embedded AWS.
"""

COMMANDS = tuple(name for names in COMMAND_GROUPS.values() for name in names)

_MAX_HELP = 100  # characters: longer than any description, which a test keeps from being cut

_UNWRITABLE = {errno.EPIPE, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}


class _Commands(click.Group):
    """A group that imports the module of the subcommand that runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(importlib.import_module(f"purgemap.cli.{cmd_name}"), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands by task, with all descriptions in one column."""
        width = max(map(len, COMMANDS))
        for title, names in COMMAND_GROUPS.items():
            commands = [(name, self.get_command(ctx, name)) for name in names]
            with formatter.section(title):
                formatter.write_dl(
                    [
                        (f"{name:{width}}", command.get_short_help_str(_MAX_HELP))
                        for name, command in commands
                        if command
                    ]
                )

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Offer the commands without their descriptions, for which click would import all of them."""
        names = [CompletionItem(name) for name in COMMANDS if name.startswith(incomplete)]
        return [*names, *click.Command.shell_complete(self, ctx, incomplete)]


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(purgemap.__version__)
def purgemap_command() -> None:
    """Keep CloudFront caches true to S3."""


def main() -> None:
    """Run the command line; exits with 0, with 1 and a line per error, or with 2 for wrong usage."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a name that the terminal can't encode must not fail
            stream.reconfigure(errors="backslashreplace")
    try:
        status = _run()
    except OSError as error:
        if error.errno not in _UNWRITABLE:
            raise
        status = _abandon_stdout(error)
    sys.exit(status)


def _run() -> int:
    try:
        status: int = purgemap_command(prog_name="purgemap", standalone_mode=False)
        # Buffered output fails only when it is written, as on a full disk.
        if sys.stdout:
            sys.stdout.flush()
    except click.ClickException as error:
        # Not to stderr: click does not escape the control characters of arguments.
        text = io.StringIO()
        error.show(text)
        print_lines(text.getvalue().rstrip("\n"), err=True)
        return error.exit_code
    except click.Abort:
        return INTERRUPTED
    except MapError as error:
        print_lines(str(error), err=True)  # each of its lines begins with a place
        return 1
    except PurgemapError as error:
        print_line(f"purgemap: {error}", err=True)
        return 1
    return status


def _abandon_stdout(error: OSError) -> int:
    """Report an incomplete output, and return the exit code."""
    # A reader that closes the pipe on purpose, as `head` does, needs no message.
    if error.errno != errno.EPIPE:
        print_line(f"purgemap: the output can't be written: {error.strerror}", err=True)
    # At its end Python flushes stdout again, and would report the same error.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1
