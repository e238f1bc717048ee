"""`purgemap plan`: show what a deploy would invalidate, its cost, and better budgets."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any, NamedTuple

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from purgemap.cli.change_input import change_input_options, print_unrouted
from purgemap.cli.ledger_preview import check_ledger_options, ledger_options, skip_unchanged
from purgemap.cli.site_input import read_sites_or_changes, site_options
from purgemap.cli.terminal import Terminal, print_json
from purgemap.jobs import PendingJob
from purgemap.operations import ChangeInput, Plan, PlannedInvalidation, plan_changes, preview_jobs
from purgemap.planning import PRICE_PER_PATH_USD, Listing
from purgemap.text import pluralize

# People look for mistakes in a plan, and the first items show them. The JSON document has all items.
_MAX_ITEMS_SHOWN = 30

# Advice is worth a line only if it spares a tenth of the collateral.
_MAX_EVICTED_PER_SPARED = 10


@click.command(short_help="Show what a deploy would invalidate, and its cost.")
@change_input_options
@site_options
@ledger_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead.")
def plan(*, uses_ledger: bool, stack_name: str, as_json: bool, **options: Any) -> int:
    """Show what a deploy would invalidate: the distributions, the items and the cost.

    INPUT lists changed objects, one a line: output of `aws s3 sync` (or cp, mv, rm), s3:// URIs, JSON events, or keys
    of the --bucket. --ledger needs uploads that are done: it compares the objects with the table's records.
    """
    check_ledger_options(uses_ledger=uses_ledger, is_input=not (options["sites"] or options["all_sites"]))
    changes = read_sites_or_changes(**options)
    planned = plan_changes(changes)
    saving = None
    if uses_ledger:
        changes, unchanged = skip_unchanged(changes, stack_name)
        without_ledger, planned = planned, plan_changes(changes)
        saving = LedgerSaving(unchanged, without_ledger.summary.paths - planned.summary.paths)
    if as_json:
        print_json(_plan_document(planned, saving))
    else:
        show_plan(changes, planned, Terminal())
        if saving:
            Terminal().print(_describe_saving(saving))
    return 0


class LedgerSaving(NamedTuple):
    """The uploads that changed nothing, and the paths that they would cost without the ledger."""

    unchanged: int
    saved_paths: int

    @property
    def saved_usd(self) -> float:
        """The price of the paths that are saved."""
        return round(self.saved_paths * PRICE_PER_PATH_USD, 3)


def _plan_document(planned: Plan, saving: LedgerSaving | None) -> dict[str, Any]:
    document = planned.document()
    if saving:
        document["summary"] |= {**saving._asdict(), "saved_usd": saving.saved_usd}
    return document


def _describe_saving(saving: LedgerSaving) -> str:
    uploads, paths = pluralize(saving.unchanged, "upload"), pluralize(saving.saved_paths, "item")
    return f"{uploads} unchanged: the ledger saves {paths}, ${saving.saved_usd:.3f}"


def show_plan(changes: ChangeInput, planned: Plan, console: Console) -> None:
    """Print the items and the cost of a plan, and advice."""
    invalidations, summary = planned.invalidations, planned.summary
    for invalidation in invalidations:
        console.print(f"[bold]{escape(changes.route_map.label(invalidation.distribution.id))}[/]")
        for item in invalidation.items[:_MAX_ITEMS_SHOWN]:
            console.print(f"  {escape(item)}")
        if len(invalidation.items) > _MAX_ITEMS_SHOWN:
            console.print(f"  [dim]… and {len(invalidation.items) - _MAX_ITEMS_SHOWN} more (--json)[/]")
    if invalidations:
        console.print(_table(changes, invalidations))
    console.print(
        f"{pluralize(summary.changes, 'change')} → {pluralize(summary.paths, 'item')} "
        f"in {pluralize(summary.requests, 'request')}, "
        f"${summary.cost_usd:.3f} before the account's free 1,000 paths a month"
    )
    advice = _advise(changes.batch_jobs.pending, invalidations, changes.listings or {})
    for distribution, line in (*_warn_of_daily_budgets(invalidations), *advice):
        console.print(f"[yellow]{escape(changes.route_map.label(distribution))}: {escape(line)}[/]")
    print_unrouted(changes, console)


def _table(changes: ChangeInput, invalidations: Sequence[PlannedInvalidation]) -> Table:
    """Return a table with a row for each distribution; it has the requests only if a distribution has several."""
    groups = groupby(invalidations, key=lambda invalidation: invalidation.distribution.id)
    requests_by_id = {id_: list(requests) for id_, requests in groups}
    has_listings, has_several = changes.listings is not None, len(requests_by_id) < len(invalidations)
    table = Table("distribution", box=None, pad_edge=False, header_style="dim")
    optional = [*(["collateral"] if has_listings else []), *(["requests"] if has_several else [])]
    for column in ("changes", "items", "wildcards", *optional, "cost"):
        table.add_column(column, justify="right")
    for id_, requests in requests_by_id.items():
        items = sum(len(request.items) for request in requests)
        evicted = [request.collateral for request in requests if request.collateral is not None]
        table.add_row(
            escape(changes.route_map.label(id_)),
            str(requests[0].changes),
            str(items),
            str(sum(request.wildcards for request in requests)),
            *([str(sum(evicted)) if evicted else "?"] if has_listings else []),
            *([str(len(requests))] if has_several else []),
            f"${items * PRICE_PER_PATH_USD:.3f}",
        )
    return table


def _advise(
    pending_jobs: Iterable[PendingJob], invalidations: Sequence[PlannedInvalidation], listings: Mapping[str, Listing]
) -> Iterator[tuple[str, str]]:
    """Yield a distribution's id and the effect of twice its `max_paths`, if that spares enough objects."""
    for pending in pending_jobs:
        planned = [invalidation for invalidation in invalidations if invalidation.distribution == pending.distribution]
        # One alternative shows the price of more paths. Each costs another plan.
        larger = replace(pending.distribution, max_paths=2 * pending.distribution.max_paths)
        alternative = preview_jobs([PendingJob(pending.job, larger)], listings)
        evicted, spared = _evicted(planned), _evicted(planned) - _evicted(alternative)
        if evicted and spared * _MAX_EVICTED_PER_SPARED >= evicted:
            effect = f"it would evict {_evicted(alternative):,} instead of {pluralize(evicted, 'unchanged object')}"
            dollars = _cost(alternative) - _cost(planned)
            yield larger.id, f"with max_paths: {larger.max_paths} {effect}, for ${dollars:.3f} more"


def _warn_of_daily_budgets(invalidations: Iterable[PlannedInvalidation]) -> Iterator[tuple[str, str]]:
    """Yield a distribution's id and a warning if its plan alone exceeds its daily budget."""
    paths_by_budget = Counter[tuple[str, int]]()
    for invalidation in invalidations:
        distribution = invalidation.distribution
        paths_by_budget[distribution.id, distribution.max_paths_per_day] += len(invalidation.items)
    for (id_, budget), paths in paths_by_budget.items():
        if budget and paths > budget:
            effect = "the function would send one wildcard per scope instead"
            yield id_, f"{paths:,} paths are more than max_paths_per_day: {budget}; {effect}"


def _evicted(invalidations: Iterable[PlannedInvalidation]) -> int:
    return sum(invalidation.collateral or 0 for invalidation in invalidations)


def _cost(invalidations: Iterable[PlannedInvalidation]) -> float:
    return sum(len(invalidation.items) for invalidation in invalidations) * PRICE_PER_PATH_USD
