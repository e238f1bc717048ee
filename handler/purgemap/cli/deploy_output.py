"""Print a deployment: its changes, its progress and the stack's outputs."""

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.markup import escape

from purgemap.deployment.stack import ResourceChange, StackEvent, unwrap_reason
from purgemap.jobs import Job
from purgemap.planning import PRICE_PER_PATH_USD
from purgemap.routemap import RouteMap
from purgemap.text import pluralize

_COLOURS = {"add": "green", "modify": "yellow", "remove": "red"}
_REPLACED = {"True": "[bold red]replaced[/]", "Conditional": "[yellow]perhaps replaced[/]"}


def show_changes(changes: Sequence[ResourceChange], console: Console) -> None:
    """Print a line for each resource."""
    # A replaced queue or log group loses its content, so a replacement is marked.
    width = max((len(change.logical_id) for change in changes), default=0)
    for change in changes:
        action = change.action.lower()
        colour = _COLOURS.get(action, "default")
        note = f"  {_REPLACED[change.replacement]}" if change.replacement in _REPLACED else ""
        console.print(f"  [{colour}]{action:<6}[/]  {change.logical_id:<{width}}  {change.resource_type}{note}")


def show_refreshes(jobs: Sequence[Job], route_map: RouteMap, console: Console) -> None:
    """Print the invalidations that follow the deployment, and their cost."""
    for job in jobs:
        console.print(f"  [cyan]refresh[/] {escape(route_map.label(job.distribution))}  {escape(' '.join(job.scopes))}")
    paths = sum(len(job.scopes) for job in jobs)
    if paths:
        dollars = paths * PRICE_PER_PATH_USD
        console.print(f"  {pluralize(paths, 'path')}, ${dollars:,.3f} before the account's free 1,000 a month")


def show_outputs(outputs: Mapping[str, str], console: Console) -> None:
    """Print each output of a stack on a line."""
    width = max(map(len, outputs), default=0)
    for name, value in sorted(outputs.items()):
        console.print(f"  {name:<{width}}  {escape(value)}")


class Progress:
    """A deployment's progress: a line for each finished resource; on a terminal `status` shows the others."""

    def __init__(self, console: Console) -> None:
        self._console = console
        # A dict, since a set would change its order.
        self._in_progress: dict[str, None] = {}
        self.status = console.status("CloudFormation starts")

    def on_event(self, event: StackEvent) -> None:
        """Print a finished resource, and update those in progress."""
        verb = event.status.rpartition("_")[2].lower()
        if event.status.endswith("_IN_PROGRESS"):
            if not event.is_stack:
                self._in_progress[event.logical_id] = None
        else:
            self._in_progress.pop(event.logical_id, None)
            colour = "red" if verb == "failed" else "green"
            reason = f"  {escape(unwrap_reason(event.reason))}" if verb == "failed" and event.reason else ""
            status = event.status.lower().replace("_", " ")
            self._console.print(f"  [{colour}]{status:<15}[/]  {event.logical_id}  {event.resource_type}{reason}")
        self.status.update(f"CloudFormation works on {', '.join(self._in_progress) or 'the stack'}")
