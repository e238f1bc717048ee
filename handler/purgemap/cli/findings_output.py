"""Inspect what a map names, with a bar on a terminal, and print what is wrong with it."""

import shlex
from collections.abc import Iterable

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress

from purgemap.aws.inspection import Accounts
from purgemap.cli.options import DEFAULT_ROUTES, DEFAULT_STACK
from purgemap.operations.diagnosis import DoctorFinding, MapInspection, inspect_map
from purgemap.routemap import RouteMap

_COMMAND = "purgemap "
_COLOURS = {"error": "red", "warning": "yellow", "not-checked": "cyan"}


def inspect_with_progress(route_map: RouteMap, accounts: Accounts, stderr: Console) -> MapInspection:
    """Read the distributions and buckets of a map."""
    with Progress(console=stderr, transient=True, disable=not stderr.is_terminal) as progress:
        task = progress.add_task("distributions and buckets", total=None)
        return inspect_map(route_map, accounts, lambda done, total: progress.update(task, completed=done, total=total))


def show_findings(findings: Iterable[DoctorFinding], console: Console) -> None:
    """Print each finding, and its repair on a line of its own."""
    for finding in findings:
        colour = _COLOURS[finding.severity]
        console.print(f"[{colour}]{finding.code}[/]  [bold]{escape(finding.where)}[/]: {escape(finding.message)}")
        console.print(f"    {escape(finding.fix)}")


def complete_command(
    finding: DoctorFinding, role_arns: Iterable[str], stack_name: str, routes: tuple[str, ...]
) -> DoctorFinding:
    """Add this command's own options to a repair by purgemap, so that it concerns the same map and accounts."""
    if not finding.fix.startswith(_COMMAND):
        return finding
    options = [] if routes == (DEFAULT_ROUTES,) else [part for path in routes for part in ("--routes", path)]
    if finding.fix.startswith(f"{_COMMAND}doctor"):
        options += [part for arn in role_arns for part in ("--role-arn", arn)]
        options += [] if stack_name == DEFAULT_STACK else ["--stack-name", stack_name]
    # Only the first command of a chain is purgemap's.
    command, *others = finding.fix.split(" && ")
    return finding._replace(fix=" && ".join([" ".join([command, *map(shlex.quote, options)]), *others]))
