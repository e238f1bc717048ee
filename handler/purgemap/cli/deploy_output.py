"""What `purgemap deploy` shows: the change set, each resource as it changes, and what is there at the end."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape

from purgemap.deployment.stack import ResourceChange, StackEvent, unwrap_reason
from purgemap.jobs import Job
from purgemap.planning import PRICE_PER_PATH_USD
from purgemap.text import pluralize

_COLOURS = {"add": "green", "modify": "yellow", "remove": "red"}
_REPLACED = {"True": "[bold red]replaced[/]", "Conditional": "[yellow]perhaps replaced[/]"}


def show_changes(changes: Sequence[ResourceChange], console: Console) -> None:
    """Print a line for each resource; what is replaced loses what it holds, so that stands out."""
    width = max((len(change.logical_id) for change in changes), default=0)
    for change in changes:
        action = change.action.lower()
        colour = _COLOURS.get(action, "default")
        note = f"  {_REPLACED[change.replacement]}" if change.replacement in _REPLACED else ""
        console.print(f"  [{colour}]{action:<6}[/]  {change.logical_id:<{width}}  {change.resource_type}{note}")


def show_refreshes(jobs: Sequence[Job], console: Console) -> None:
    """Print what is going to be invalidated once the deployment is done."""
    for job in jobs:
        console.print(f"  [cyan]refresh[/] {escape(job.distribution)}  {escape(' '.join(job.scopes))}")
    paths = sum(len(job.scopes) for job in jobs)
    if paths:
        dollars = paths * PRICE_PER_PATH_USD
        console.print(f"  {pluralize(paths, 'path')}, ${dollars:,.3f} before the account's free 1,000 a month")


def show_outputs(outputs: Mapping[str, str], console: Console) -> None:
    """Print a stack's outputs, a line each."""
    width = max(map(len, outputs), default=0)
    for name, value in sorted(outputs.items()):
        console.print(f"  {name:<{width}}  {escape(value)}")


class Progress:
    """Tells of each resource that is done, and on a terminal of what CloudFormation is at."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._working: dict[str, None] = {}
        self._status = console.status("CloudFormation starts")

    @contextmanager
    def running(self) -> Iterator[None]:
        """Show what is worked at while the block runs."""
        with self._status:
            yield

    def tell(self, event: StackEvent) -> None:
        """Take note of an event."""
        verb = event.status.rpartition("_")[2].lower()
        if event.status.endswith("_IN_PROGRESS"):
            if not event.is_stack:
                self._working[event.logical_id] = None
        else:
            self._working.pop(event.logical_id, None)
            colour = "red" if verb == "failed" else "green"
            reason = f"  {escape(unwrap_reason(event.reason))}" if verb == "failed" and event.reason else ""
            done = event.status.lower().replace("_", " ")
            self._console.print(f"  [{colour}]{done:<15}[/]  {event.logical_id}  {event.resource_type}{reason}")
        self._status.update(f"CloudFormation works at {', '.join(self._working) or 'the stack'}")
