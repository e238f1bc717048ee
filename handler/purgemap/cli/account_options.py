"""The option of commands that read accounts, and the reading with its progress."""

from collections.abc import Callable, Sequence
from typing import Any

import click
from rich.progress import Progress

from purgemap.aws.inspection import AccountConfigs, Accounts, CloudFrontReader
from purgemap.cli.deploy_options import parse_role_arn
from purgemap.cli.terminal import Terminal


def _parse_role_arns(context: click.Context, option: click.Parameter, texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(text for text in texts if parse_role_arn(context, option, text))


role_arns_option: Callable[[Any], Any] = click.option(
    "--role-arn",
    "role_arns",
    multiple=True,
    metavar="ARN",
    callback=_parse_role_arns,
    help="A role of another account, which is read too. Repeat it for several accounts.",
)


def read_accounts(accounts: Accounts, stderr: Terminal) -> list[AccountConfigs]:
    """Read CloudFront's configurations of all accounts, with a bar on a terminal."""
    with Progress(console=stderr, transient=True, disable=not stderr.is_terminal) as progress:
        configs = []
        for account in accounts.role_arns:
            # The list comes first, and with it the number of reads.
            task = progress.add_task(f"CloudFront of {account}", total=None)

            def show(done: int, total: int, task: Any = task) -> None:
                progress.update(task, completed=done, total=total)

            configs.append(CloudFrontReader(accounts, show).read_account(account))
        return configs
