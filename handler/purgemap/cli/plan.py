"""`purgemap plan`: what a deploy would invalidate, with its cost."""

from itertools import groupby
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from purgemap.cli.deploy_input import Deploy, deploy_options, print_left_out, read_deploy
from purgemap.cli.plan_advice import advise, warn_of_budgets
from purgemap.cli.terminal import Terminal, print_json
from purgemap.operations import PlannedInvalidation, preview_jobs
from purgemap.planning import PRICE_PER_PATH_USD
from purgemap.text import pluralize

# People look for what is odd in a plan; the whole of it is in --json.
_SHOWN_ITEMS = 30


@click.command(short_help="What a deploy would invalidate, with its cost.")
@deploy_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead.")
def plan(*, as_json: bool, **options: Any) -> int:
    """Show what a deploy would invalidate: where, which items, and what it costs.

    INPUT names what changed, a line each: output of `aws s3 sync` (or cp, mv, rm), s3:// URIs, JSON events, or keys of
    the bucket that --bucket names.
    """
    deploy = read_deploy(**options)
    invalidations = preview_jobs(deploy.wanted.pending, deploy.listings)
    if as_json:
        print_json(document(deploy, invalidations))
    else:
        _show(deploy, invalidations, Terminal())
    return 0


def document(deploy: Deploy, invalidations: list[PlannedInvalidation]) -> dict[str, Any]:
    """Return the JSON document of `purgemap plan --json`."""
    paths = sum(len(each.items) for each in invalidations)
    return {
        "invalidations": [_invalidation_document(each) for each in invalidations],
        "summary": {
            "changes": deploy.changes,
            "unrouted": len(deploy.wanted.unrouted),
            "ignored": deploy.ignored,
            "paths": paths,
            "wildcards": sum(each.wildcards for each in invalidations),
            "requests": len(invalidations),
            "cost_usd": round(paths * PRICE_PER_PATH_USD, 3),
        },
    }


def _invalidation_document(invalidation: PlannedInvalidation) -> dict[str, Any]:
    role_arn = invalidation.distribution.role_arn
    return {
        "distribution": invalidation.distribution.id,
        **({"role_arn": role_arn} if role_arn else {}),
        "items": list(invalidation.items),
        "paths": len(invalidation.items),
        "wildcards": invalidation.wildcards,
        "changes": invalidation.changes,
    }


def _show(deploy: Deploy, invalidations: list[PlannedInvalidation], console: Console) -> None:
    for invalidation in invalidations:
        console.print(f"[bold]{escape(deploy.routes.label(invalidation.distribution.id))}[/]")
        for item in invalidation.items[:_SHOWN_ITEMS]:
            console.print(f"  {escape(item)}")
        if len(invalidation.items) > _SHOWN_ITEMS:
            console.print(f"  [dim]… and {len(invalidation.items) - _SHOWN_ITEMS} more (--json)[/]")
    if invalidations:
        console.print(_table(deploy, invalidations))
    summary = document(deploy, invalidations)["summary"]
    console.print(
        f"{pluralize(summary['changes'], 'change')} → {pluralize(summary['paths'], 'item')} "
        f"in {pluralize(summary['requests'], 'request')}, "
        f"${summary['cost_usd']:.3f} before the account's free 1,000 paths a month"
    )
    advices = advise(deploy.wanted.pending, invalidations, deploy.listings or {})
    for distribution, advice in (*warn_of_budgets(invalidations), *advices):
        console.print(f"[yellow]{escape(deploy.routes.label(distribution))}: {escape(advice)}[/]")
    print_left_out(deploy, console)


def _table(deploy: Deploy, invalidations: list[PlannedInvalidation]) -> Table:
    """Show a row for each distribution; the requests only where one distribution takes several."""
    by_distribution = [list(each) for _, each in groupby(invalidations, key=lambda each: each.distribution.id)]
    known, several = deploy.listings is not None, len(by_distribution) < len(invalidations)
    table = Table("distribution", box=None, pad_edge=False, header_style="dim")
    optional = [*(["collateral"] if known else []), *(["requests"] if several else [])]
    for column in ("changes", "items", "wildcards", *optional, "cost"):
        table.add_column(column, justify="right")
    for requests in by_distribution:
        items = sum(len(each.items) for each in requests)
        evicted = [each.collateral for each in requests if each.collateral is not None]
        table.add_row(
            escape(deploy.routes.label(requests[0].distribution.id)),
            str(requests[0].changes),
            str(items),
            str(sum(each.wildcards for each in requests)),
            *([str(sum(evicted)) if evicted else "?"] if known else []),
            *([str(len(requests))] if several else []),
            f"${items * PRICE_PER_PATH_USD:.3f}",
        )
    return table
