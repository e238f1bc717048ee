"""The options `--ledger` and `--stack-name` of `plan`: what the deployed ledger would skip."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from purgemap.cli.options import stack_name_option
from purgemap.cli.terminal import print_line
from purgemap.errors import PurgemapError
from purgemap.operations import ChangeInput
from purgemap.paths import build_jobs
from purgemap.routing import Router

# The ledger and its clients import botocore. A plan without --ledger must not wait half a second for them.
# ruff: noqa: PLC0415

_Command = TypeVar("_Command", bound=Callable[..., Any])


def ledger_options(command: _Command) -> _Command:
    """Add the options that `check_ledger_options` checks."""
    ledger = click.option(
        "--ledger",
        "uses_ledger",
        is_flag=True,
        help="Leave out the uploads that changed nothing, by the ledger of the deployed stack.",
    )
    return ledger(stack_name_option(command))


def check_ledger_options(*, uses_ledger: bool, is_input: bool) -> None:
    """Raise click.UsageError for options that do not fit together."""
    context = click.get_current_context()
    if uses_ledger and not is_input:
        raise click.UsageError("--ledger compares the uploads of an INPUT, and whole sites are always invalidated")
    if not uses_ledger and context.get_parameter_source("stack_name") is ParameterSource.COMMANDLINE:
        raise click.UsageError("--stack-name names the stack of --ledger; give both")


def skip_unchanged(changes: ChangeInput, stack_name: str) -> tuple[ChangeInput, int]:
    """Return the changes without the uploads that changed nothing, and the number of these; raises PurgemapError."""
    from purgemap.aws import Aws
    from purgemap.aws.ledger import AwsLedgerTable, AwsObjectHeads
    from purgemap.cli.ledger import find_ledger_table
    from purgemap.delivery import CallSettings
    from purgemap.deployment.stack import read_stack
    from purgemap.ledger import preview_unchanged

    stack = read_stack(stack_name)
    table = find_ledger_table(stack)
    # A batch waits for the function's calls, but only a person waits for these. So they have longer timeouts.
    aws = Aws(region=stack.region, ledger_call=CallSettings(attempts=5, connect_timeout=5, read_timeout=30))
    warnings: list[str] = []
    edges = AwsLedgerTable(aws, table, warnings.append), AwsObjectHeads(aws, warnings.append)
    now = time.time()
    routed = Router(changes.route_map).route(changes.change_list.changes)
    check = preview_unchanged(*edges, changes.route_map, routed, now)
    if check is None:
        needs = "needs dynamodb:GetItem and dynamodb:BatchGetItem"
        raise PurgemapError(f"the table {table} can't be read ({needs}): {'; '.join(warnings)}")
    for warning in warnings:
        print_line(f"purgemap: {warning}; their objects count as changed", err=True)
    return replace(changes, batch_jobs=build_jobs(check.routed, now)), check.result.unchanged
