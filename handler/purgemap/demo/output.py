"""Steps of a demonstration → the story that a person reads, and the document that a machine does."""

from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from purgemap.demo.run import AcceptedInvalidation, Change, Step
from purgemap.planning import PRICE_PER_PATH_USD
from purgemap.text import pluralize

_SHOWN_ITEMS = 6
_SHOWN_LOST = 5


def print_step(console: Console, step: Step) -> None:
    """Tell what a step changed, how it travelled, and what each distribution was told."""
    console.print(Text(step.title, style="bold"))
    console.print(
        f"  {pluralize(len(step.changes), 'object')} changed → {pluralize(step.events, 'event')} "
        f"→ {pluralize(len(step.batches), 'batch', 'batches')} → {pluralize(len(step.told), 'invalidation')} "
        f"in {step.seconds:.1f} s",
        highlight=False,
    )
    print_invalidations(console, step.told)
    failed = sum(len(batch.failed_ids) for batch in step.batches)
    if failed:
        console.print(f"  [yellow]{pluralize(failed, 'event')} failed and came back to the queue[/yellow]")
    print_stale(console, step.lost)
    console.print()


def print_invalidations(console: Console, told: Iterable[AcceptedInvalidation]) -> None:
    """Show what each distribution was told, one line for each invalidation."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    for column in ("", "distribution", "size"):
        table.add_column(column, no_wrap=True)
    table.add_column("items", overflow="fold")
    for one in told:
        # Text, not markup: an item is what an uploader named a file.
        table.add_row(" ", one.distribution.id, pluralize(len(one.items), "item"), Text(_shown(one.items)))
    console.print(table)


def print_stale(console: Console, lost: Sequence[Change]) -> None:
    """Name the objects that a viewer can still get an old copy of."""
    for change in lost[:_SHOWN_LOST]:
        console.print(Text(f"  still stale: s3://{change.bucket}/{change.key}", style="red"))
    if len(lost) > _SHOWN_LOST:
        console.print(Text(f"  … and {len(lost) - _SHOWN_LOST} more", style="red"))


def print_totals(console: Console, document: dict[str, Any], dead_letters: int) -> None:
    """Sum up."""
    paths = sum(told["paths"] for told in document["invalidations"])
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


def demo_document(steps: Sequence[Step], seconds: float) -> dict[str, Any]:
    """Write the steps as the document of `purgemap demo --json`."""
    return {
        "objects": sum(len(step.changes) for step in steps),
        "events": sum(step.events for step in steps),
        "batches": sum(len(step.batches) for step in steps),
        "invalidations": [_told_document(told) for step in steps for told in step.told],
        "lost": sum(len(step.lost) for step in steps),
        "seconds": round(seconds, 3),
    }


def _told_document(told: AcceptedInvalidation) -> dict[str, Any]:
    role = {"role_arn": told.distribution.role_arn} if told.distribution.role_arn else {}
    return {
        "distribution": told.distribution.id,
        **role,
        "items": list(told.items),
        "paths": len(told.items),
        "wildcards": told.wildcards,
        "changes": told.changes,
    }


def _shown(items: Sequence[str]) -> str:
    rest = len(items) - _SHOWN_ITEMS
    return "  ".join(items[:_SHOWN_ITEMS]) + (f"  … {rest:,} more" if rest > 0 else "")
