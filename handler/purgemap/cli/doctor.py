"""`purgemap doctor`: find what is wrong between a map, the distributions, the buckets and the stack."""

from collections.abc import Sequence
from typing import Any

import click
from rich.console import Console
from rich.markup import escape

from purgemap.aws.inspection import Accounts
from purgemap.cli.account_options import role_arns_option
from purgemap.cli.doctor_stack import diagnose_stack
from purgemap.cli.findings_output import complete_command, inspect_with_progress, show_findings
from purgemap.cli.options import read_map, routes_option, stack_name_option
from purgemap.cli.terminal import Terminal, print_json
from purgemap.operations import load_checked_map
from purgemap.operations.diagnosis import (
    DoctorFinding,
    MapInspection,
    diagnose_map,
    enable_notifications,
    read_again,
)
from purgemap.text import pluralize

_NOUNS = {"error": "error", "warning": "warning", "not-checked": "not checked"}


@click.command(short_help="Find what is wrong in map, distributions, buckets, stack.")
@role_arns_option
@stack_name_option
@click.option("--fix", is_flag=True, help="Switch the buckets' EventBridge notifications on; keeps all others.")
@routes_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead.")
def doctor(*, role_arns: tuple[str, ...], stack_name: str, fix: bool, routes: tuple[str, ...], as_json: bool) -> int:
    """Find what is wrong with the map, the distributions and buckets that it names, and the stack that runs it.

    Each finding comes with its repair: a command, or what to write into the map. What your credentials may not read
    becomes a finding that names the permission. Changes nothing without --fix. Exits with 1 if there is an error.
    """
    checked, stderr = read_map(routes, load_checked_map), Terminal(stderr=True)
    accounts = Accounts(role_arns)
    inspection = inspect_with_progress(checked.route_map, accounts, stderr)
    # Before the checks, so that the report has what is left.
    if fix:
        inspection = _enable_notifications(accounts, inspection, stderr if as_json else Terminal())
    with stderr.status(f"the stack {stack_name}"):
        buckets = inspection.buckets.values()
        stack_findings, has_stack = diagnose_stack(checked.route_map, accounts, stack_name, buckets)
    findings = [
        complete_command(finding, role_arns, stack_name, routes)
        for finding in (*diagnose_map(checked.route_map, inspection, checked.silenced), *stack_findings)
    ]
    counts = {
        "distributions": len(checked.route_map.distributions_by_id),
        "buckets": len(inspection.buckets),
        "stack": has_stack,
    }
    if as_json:
        print_json({"findings": [finding._asdict() for finding in findings], "checked": counts})
    else:
        _show(findings, counts, Terminal())
    return 1 if any(finding.severity == "error" for finding in findings) else 0


def _enable_notifications(accounts: Accounts, inspection: MapInspection, console: Console) -> MapInspection:
    """Switch the buckets' events on and print each bucket; returns the buckets as they are now."""
    changed = []
    for bucket in enable_notifications(accounts, inspection):
        if bucket.error:
            console.print(f"[red]not switched on[/]: {escape(bucket.error)}")
        else:
            console.print(f"[green]switched on[/]: EventBridge notifications of s3://{escape(bucket.name)}")
            changed.append(bucket.name)
    return read_again(accounts, inspection, changed)


def _show(findings: Sequence[DoctorFinding], counts: dict[str, Any], console: Console) -> None:
    show_findings(findings, console)
    severities = [finding.severity for finding in findings]
    problems = [
        pluralize(severities.count(severity), noun, "" if severity != "not-checked" else noun)
        for severity, noun in _NOUNS.items()
        if severity in severities
    ]
    distributions, buckets = (pluralize(counts[f"{noun}s"], noun) for noun in ("distribution", "bucket"))
    stack = "1 stack" if counts["stack"] else "no stack"
    console.print(f"{distributions}, {buckets}, {stack}: {', '.join(problems) or 'fine'}")
