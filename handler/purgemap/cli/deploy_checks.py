"""The checks of `purgemap deploy`: what doctor finds about the map's distributions and buckets."""

from typing import NamedTuple

from rich.console import Console
from rich.markup import escape

from purgemap.aws.inspection import Accounts, BucketConfig
from purgemap.cli.findings_output import complete_command, inspect_with_progress, show_findings
from purgemap.cli.terminal import Terminal
from purgemap.errors import PurgemapError
from purgemap.operations import CheckedMap
from purgemap.operations.diagnosis import (
    DoctorFinding,
    MapInspection,
    diagnose_map,
    enable_notifications,
    silent_buckets,
)
from purgemap.text import join_with_limit, pluralize

# A first map may have hundreds of warnings, and the deployment's changes must stay in sight.
_MAX_SHOWN = 12


class DeployChecks(NamedTuple):
    """The findings before a deployment, the worst first, and the buckets whose events it switches on."""

    accounts: Accounts
    findings: tuple[DoctorFinding, ...]
    to_enable: MapInspection

    @property
    def buckets(self) -> list[str]:
        """The names of the buckets whose events are to be switched on."""
        return sorted(self.to_enable.buckets)

    @property
    def errors(self) -> int:
        """The number of errors."""
        return sum(finding.severity == "error" for finding in self.findings)


def run_checks(
    checked: CheckedMap, routes: tuple[str, ...], stack_name: str, *, enables_notifications: bool
) -> DeployChecks:
    """Inspect what the map names with the caller's own permissions, and compare it with the map."""
    accounts = Accounts()
    inspection = inspect_with_progress(checked.route_map, accounts, Terminal(stderr=True))
    silent = silent_buckets(inspection) if enables_notifications else []
    # The stack's rules receive events of its own region; other ones have a member stack.
    enabled: dict[str, BucketConfig] = {
        bucket.name: bucket._replace(sends_to_event_bridge=True)
        for bucket in silent
        if bucket.region == accounts.region
    }
    expected = inspection._replace(buckets={**inspection.buckets, **enabled})
    findings = [
        complete_command(finding, (), stack_name, routes)
        for finding in diagnose_map(checked.route_map, expected, checked.silenced)
    ]
    to_enable = inspection._replace(buckets={name: inspection.buckets[name] for name in enabled})
    return DeployChecks(accounts, tuple(sorted(findings, key=lambda each: each.severity != "error")), to_enable)


def show_checks(checks: DeployChecks, console: Console) -> None:
    """Print the buckets to change, the first findings, and what could not be checked."""
    for bucket in checks.buckets:
        console.print(f"  [green]switch on[/]  EventBridge notifications of s3://{escape(bucket)}")
    faults = [finding for finding in checks.findings if finding.severity != "not-checked"]
    if faults:
        counts = pluralize(checks.errors, "error"), pluralize(len(faults) - checks.errors, "warning")
        console.print(f"purgemap doctor finds {' and '.join(counts)} in the distributions and buckets of the map:")
    show_findings(faults[:_MAX_SHOWN], console)
    if len(faults) > _MAX_SHOWN:
        console.print(f"and {pluralize(len(faults) - _MAX_SHOWN, 'finding')} more: purgemap doctor")
    # A pipeline's role often has no permission to read, and the findings would repeat in every run.
    repairs = [finding.fix for finding in checks.findings if finding.severity == "not-checked"]
    if repairs:
        console.print(f"[cyan]not checked[/]  {escape(join_with_limit(list(dict.fromkeys(repairs))))}")


def switch_notifications_on(checks: DeployChecks | None, console: Console) -> None:
    """Switch the buckets' events on; raises PurgemapError for those that can't be changed."""
    if checks is None or not checks.buckets:
        return
    errors = []
    for bucket in enable_notifications(checks.accounts, checks.to_enable):
        errors += [bucket.error] if bucket.error else []
        if not bucket.error:
            console.print(f"[green]switched on[/]  EventBridge notifications of s3://{escape(bucket.name)}")
    if errors:
        raise PurgemapError(
            f"nothing is deployed: {'; '.join(errors)}; allow s3:PutBucketNotification, or deploy without "
            "--enable-notifications"
        )
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-event-notifications-eventbridge.html
    console.print(
        "S3 sends events after about five minutes: invalidate earlier changes with purgemap invalidate --site"
    )
