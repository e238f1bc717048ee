"""`purgemap deploy`: show what a deployment would change, ask, and follow it."""

from collections.abc import Mapping
from typing import Any

import click
from rich.console import Console

from purgemap.cli.build import show_missing_byte_code
from purgemap.cli.deploy_options import stack_options
from purgemap.cli.deploy_output import Progress, show_changes, show_outputs, show_refreshes
from purgemap.cli.options import load_and_warn, routes_option
from purgemap.cli.site_counts import Package, count_and_package, listing_options
from purgemap.cli.terminal import Terminal, confirm
from purgemap.deployment.package import package_function
from purgemap.deployment.rollout import (
    MANUAL_HINT,
    DeploymentOptions,
    DeploymentPlan,
    discard_deployment,
    execute_deployment,
    plan_deployment,
    send_refresh,
)
from purgemap.text import pluralize


@click.command(short_help="Deploy a map, after showing the changes.")
@stack_options
@click.option("--dry-run", is_flag=True, help="Show the changes and make none; uploads the zip and the template.")
@click.option("--yes", is_flag=True, help="Deploy without asking.")
@listing_options
@routes_option
@click.pass_obj
def deploy(
    package: Package | None,
    /,
    *,
    routes: tuple[str, ...],
    dry_run: bool,
    yes: bool,
    **options: Any,
) -> int:
    """Deploy a map, or bring the deployed one up to date.

    Checks the map, counts the objects of its buckets by folder, builds the function, uploads it with the template, and
    shows what CloudFormation would change before it does. Region and credentials are boto3's (AWS_DEFAULT_REGION,
    AWS_PROFILE, …). If the deployment fails, prints CloudFormation's first reason and exits with 1; the stack is then
    as it was.
    """
    console = Terminal()
    route_map = load_and_warn(routes)
    # Tests pass a package function as click's object: building the real zip takes two seconds.
    counting_package = count_and_package(
        package or package_function, options.pop("listings"), lists_buckets=not options.pop("no_listing")
    )
    plan = plan_deployment(route_map, DeploymentOptions(**options), counting_package)
    if plan is None:
        console.print(f"{options['stack_name']}: no changes")
        return 0
    _show(plan, console)
    if dry_run:
        discard_deployment(plan)
        console.print(f"dry run: nothing is changed; {plan.artifact_bucket} keeps the zip and the template")
        return 0
    if not _confirm(plan, yes=yes):
        return 1
    outputs = follow_deployment(plan, console)
    console.print(f"[bold green]{plan.stack_name}[/] is up to date")
    show_outputs(outputs, console)
    if plan.refresh_jobs:
        send_refresh(plan, outputs)
        invalidations = pluralize(len(plan.refresh_jobs), "invalidation")
        console.print(f"refresh: {invalidations} in the queue; `purgemap status` shows them")
    return 0


def _show(plan: DeploymentPlan, console: Console) -> None:
    verb = "creates" if plan.change_set.is_first else "changes"
    console.print(f"[bold]{plan.stack_name}[/] in {plan.clients.region}: CloudFormation {verb}")
    show_changes(plan.change_set.changes, console)
    show_refreshes(plan.refresh_jobs, console)
    show_missing_byte_code(plan.package, console)


def _confirm(plan: DeploymentPlan, *, yes: bool) -> bool:
    """Ask whether to deploy; discards the plan unless the answer is yes. Raises click.UsageError without a terminal."""
    is_confirmed = False
    try:
        is_confirmed = confirm("Go ahead?", yes=yes)
    finally:
        # Ctrl-C at the question must leave nothing behind, either.
        if not is_confirmed:
            discard_deployment(plan)
    return is_confirmed


def follow_deployment(plan: DeploymentPlan, console: Console) -> Mapping[str, str]:
    """Execute a plan while printing its progress; returns the stack's outputs."""
    progress = Progress(console)
    try:
        with progress.status:
            return execute_deployment(plan, progress.on_event)
    except KeyboardInterrupt:
        console.print("CloudFormation goes on without this command; the next deploy shows whether it is done")
        if plan.refresh_jobs:
            console.print(f"nothing is refreshed: {MANUAL_HINT}")
        raise
