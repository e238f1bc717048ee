"""`purgemap deploy`: show what a deployment would change, ask, and follow it."""

from collections.abc import Mapping
from typing import Any

import click
from rich.console import Console

from purgemap.cli.build import show_package_notes
from purgemap.cli.deploy_checks import DeployChecks, run_checks, show_checks, switch_notifications_on
from purgemap.cli.deploy_options import stack_options
from purgemap.cli.deploy_output import Progress, show_changes, show_outputs, show_refreshes
from purgemap.cli.options import load_checked_and_warn, routes_option
from purgemap.cli.site_counts import Package, count_and_package, listing_options
from purgemap.cli.terminal import Terminal, confirm, print_json
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
from purgemap.routemap import RouteMap
from purgemap.text import pluralize


@click.command(short_help="Deploy a map, after showing the changes.")
@stack_options
@click.option("--dry-run", is_flag=True, help="Show the changes and make none; uploads the zip and the template.")
@click.option(
    "--enable-notifications",
    is_flag=True,
    help="Switch on the EventBridge notifications of the map's buckets in the stack's region; keeps all others.",
)
@click.option("--no-checks", is_flag=True, help="Don't read the configurations of distributions and buckets.")
@click.option("--yes", is_flag=True, help="Deploy without asking.")
@listing_options
@routes_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead; the rest goes to stderr.")
@click.pass_obj
def deploy(
    package: Package | None,
    /,
    *,
    routes: tuple[str, ...],
    dry_run: bool,
    enable_notifications: bool,
    yes: bool,
    **options: Any,
) -> int:
    """Deploy a map, or bring the deployed one up to date.

    Checks the map, counts the objects of its buckets by folder, builds the function, uploads it with the template, and
    shows what CloudFormation would change before it does. Also shows what `purgemap doctor` finds about the
    distributions and buckets that the map names, as far as your credentials may read them. Region and credentials are
    boto3's (AWS_DEFAULT_REGION, AWS_PROFILE, …). If the deployment fails, prints CloudFormation's first reason and
    exits with 1; the stack is then as it was.
    """
    has_checks, as_json = not options.pop("no_checks"), options.pop("as_json")
    if enable_notifications and not has_checks:
        raise click.UsageError("--enable-notifications reads the buckets, which --no-checks forbids; pass one of them")
    console, checked, stack_name = Terminal(stderr=as_json), load_checked_and_warn(routes), options["stack_name"]
    # Tests pass a package function as click's object: building the real zip takes two seconds.
    counting_package = count_and_package(
        package or package_function, options.pop("listings"), lists_buckets=not options.pop("no_listing")
    )
    plan = plan_deployment(checked.route_map, DeploymentOptions(**options), counting_package)
    checks, is_confirmed = None, False
    outputs: Mapping[str, str] = {}
    try:
        if has_checks:
            checks = run_checks(checked, routes, stack_name, enables_notifications=enable_notifications)
        has_changes = bool(plan or (checks and checks.buckets))
        _show(stack_name, plan, checks, checked.route_map, console)
        if has_changes and not dry_run and confirm(_question(checks), yes=yes):
            # Before the refresh, which would miss what changes before S3 sends events.
            switch_notifications_on(checks, console)
            is_confirmed = True
    finally:
        # Ctrl-C at the question must leave nothing behind, either.
        if plan and not is_confirmed:
            discard_deployment(plan)
    if plan and is_confirmed:
        outputs = _execute(plan, console)
        if checks and checks.errors:
            count = pluralize(checks.errors, "error")
            console.print(f"[yellow]deployed with {count}[/] that the checks above name; run `purgemap doctor` again")
    if dry_run and has_changes:
        kept = f"; {plan.artifact_bucket} keeps the zip and the template" if plan else ""
        console.print(f"dry run: nothing is changed{kept}")
    if as_json:
        print_json(_document(stack_name, plan, checks, outputs, is_deployed=is_confirmed))
    return 0 if is_confirmed or dry_run or not has_changes else 1


def _document(
    stack_name: str,
    plan: DeploymentPlan | None,
    checks: DeployChecks | None,
    outputs: Mapping[str, str],
    *,
    is_deployed: bool,
) -> dict[str, Any]:
    """Return the JSON document of `purgemap deploy --json`: what was planned, and whether it is `deployed`."""
    jobs = plan.refresh_jobs if plan else ()
    return {
        "stack": stack_name,
        "deployed": is_deployed,
        "changes": [change._asdict() for change in plan.change_set.changes] if plan else [],
        "refreshed": [{"distribution": job.distribution, "items": sorted(job.scopes)} for job in jobs],
        "notifications": checks.buckets if checks else [],
        "findings": [finding._asdict() for finding in checks.findings] if checks else [],
        "outputs": dict(outputs),
    }


def _show(
    stack_name: str,
    plan: DeploymentPlan | None,
    checks: DeployChecks | None,
    route_map: RouteMap,
    console: Console,
) -> None:
    if plan is None:
        console.print(f"{stack_name}: no changes")
    else:
        verb = "creates" if plan.change_set.is_first else "changes"
        console.print(f"[bold]{stack_name}[/] in {plan.clients.region}: CloudFormation {verb}")
        show_changes(plan.change_set.changes, console)
        show_refreshes(plan.refresh_jobs, route_map, console)
        show_package_notes(plan.package, console)
    if checks:
        show_checks(checks, console)


def _question(checks: DeployChecks | None) -> str:
    return f"Go ahead, with {pluralize(checks.errors, 'error')}?" if checks and checks.errors else "Go ahead?"


def _execute(plan: DeploymentPlan, console: Console) -> Mapping[str, str]:
    """Execute a plan and send its refresh; returns the stack's outputs."""
    outputs = follow_deployment(plan, console)
    console.print(f"[bold green]{plan.stack_name}[/] is up to date")
    show_outputs(outputs, console)
    if plan.refresh_jobs:
        send_refresh(plan, outputs)
        invalidations = pluralize(len(plan.refresh_jobs), "invalidation")
        console.print(f"refresh: {invalidations} in the queue; `purgemap status` shows them")
    return outputs


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
