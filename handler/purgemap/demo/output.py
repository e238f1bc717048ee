"""Format the demo's steps for a terminal, and as the JSON document of `purgemap demo --json`."""

from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from purgemap.demo.run import AcceptedInvalidation, SiteChange, StepResult
from purgemap.planning import PRICE_PER_PATH_USD
from purgemap.text import pluralize

_MAX_ITEMS_SHOWN = 6
_MAX_STALE_SHOWN = 5


def print_step(console: Console, step: StepResult) -> None:
    """Print a step's changes, events, batches, invalidations and stale objects."""
    console.print(Text(step.title, style="bold"))
    console.print(
        f"  {pluralize(len(step.changes), 'object')} changed → {pluralize(step.events, 'event')} "
        f"→ {pluralize(len(step.invocations), 'batch', 'batches')} "
        f"→ {pluralize(len(step.invalidations), 'invalidation')} in {step.seconds:.1f} s",
        highlight=False,
    )
    print_invalidations(console, step.invalidations)
    failures = sum(len(invocation.failed_ids) for invocation in step.invocations)
    if failures:
        console.print(f"  [yellow]{pluralize(failures, 'event')} failed and came back to the queue[/yellow]")
    _print_stale(console, step.stale)
    console.print()


def print_invalidations(console: Console, invalidations: Iterable[AcceptedInvalidation]) -> None:
    """Print one line for each invalidation: distribution, size and items."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    for column in ("", "distribution", "size"):
        table.add_column(column, no_wrap=True)
    table.add_column("items", overflow="fold")
    for id_, items in ((invalidation.distribution.id, invalidation.items) for invalidation in invalidations):
        # Text, not rich's markup: an item holds the name that an uploader gave a file.
        table.add_row(" ", id_, pluralize(len(items), "item"), Text(_format_items(items)))
    console.print(table)


def _print_stale(console: Console, stale: Sequence[SiteChange]) -> None:
    for change in stale[:_MAX_STALE_SHOWN]:
        console.print(Text(f"  still stale: s3://{change.bucket}/{change.key}", style="red"))
    if len(stale) > _MAX_STALE_SHOWN:
        console.print(Text(f"  … and {len(stale) - _MAX_STALE_SHOWN} more", style="red"))


def print_totals(console: Console, document: dict[str, Any], dead_letters: int) -> None:
    """Print the totals of a demo document, and the number of dead letters if there are any."""
    paths = sum(invalidation["paths"] for invalidation in document["invalidations"])
    totals = {
        "objects": f"{document['objects']:,}",
        "events": f"{document['events']:,}",
        "batches": f"{document['batches']:,}",
        "invalidations": f"{len(document['invalidations']):,}",
        "paths": f"{paths:,}",
        "cost": f"${paths * PRICE_PER_PATH_USD:,.3f}",
        "lost": f"{document['lost']:,}",
        "seconds": f"{document['seconds']:.1f}",
    }
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for name in totals:
        table.add_column(name, justify="right")
    table.add_row(*totals.values())
    console.print(table)
    if dead_letters:
        console.print(f"{pluralize(dead_letters, 'message')} went to the dead-letter queue", style="red")


def demo_document(steps: Sequence[StepResult], seconds: float) -> dict[str, Any]:
    """Build the document of `purgemap demo --json`."""
    return {
        "objects": sum(len(step.changes) for step in steps),
        "events": sum(step.events for step in steps),
        "batches": sum(len(step.invocations) for step in steps),
        "invalidations": [_describe(invalidation) for step in steps for invalidation in step.invalidations],
        "lost": sum(len(step.stale) for step in steps),
        "seconds": round(seconds, 3),
    }


def _describe(invalidation: AcceptedInvalidation) -> dict[str, Any]:
    role_arn = invalidation.distribution.role_arn
    return {
        "distribution": invalidation.distribution.id,
        **({"role_arn": role_arn} if role_arn else {}),
        "items": list(invalidation.items),
        "paths": len(invalidation.items),
        "wildcards": invalidation.wildcards,
        "changes": invalidation.changes,
    }


def _format_items(items: Sequence[str]) -> str:
    more = len(items) - _MAX_ITEMS_SHOWN
    return "  ".join(items[:_MAX_ITEMS_SHOWN]) + (f"  … {more:,} more" if more > 0 else "")
