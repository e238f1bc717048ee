"""`purgemap destroy`: show what a removal would delete and leave, ask, and follow it."""

from collections.abc import Sequence
from typing import Any

import click
from rich.console import Console
from rich.markup import escape

from purgemap.cli.deploy_output import Progress
from purgemap.cli.options import stack_name_option
from purgemap.cli.terminal import Terminal, confirm, print_json
from purgemap.deployment.rollout import Removal, execute_removal, list_remnants, plan_removal
from purgemap.deployment.stack import QueueCount, check_empty, count_messages
from purgemap.deployment.template import LEDGER_OUTPUT
from purgemap.routemap import RouteMap
from purgemap.routemap.sites import list_sites
from purgemap.text import pluralize


@click.command(short_help="Remove the service, after showing what goes.")
@stack_name_option
@click.option("--discard-messages", is_flag=True, help="Remove the queues with the messages in them.")
@click.option("--yes", is_flag=True, help="Remove without asking.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead.")
def destroy(*, stack_name: str, discard_messages: bool, yes: bool, as_json: bool) -> int:
    """Remove the stack of `purgemap deploy`: queues, function, event rules, permissions, alarms and log.

    Shows what is removed and what stays, and asks. Refuses while messages wait in a queue. Changes of objects are not
    invalidated from then on, those during the removal included.
    """
    console = Terminal(stderr=as_json)
    removal = plan_removal(stack_name)
    counts = count_messages(removal.stack)
    _show(removal, counts, console)
    if not discard_messages:
        check_empty(counts)
    if not confirm("Remove it?", yes=yes):
        return 1
    if not discard_messages:
        # Changes may have arrived while the question was open.
        check_empty(count_messages(removal.stack))
    _follow(removal, console)
    if as_json:
        print_json(removal_document(removal, counts))
    return 0


def removal_document(removal: Removal, counts: Sequence[QueueCount]) -> dict[str, Any]:
    """Return the JSON document of `purgemap destroy --json`."""
    queue, dead_letters = counts
    return {
        "stack": removal.stack_name,
        "region": removal.stack.region,
        "account": removal.stack.account,
        "sites": len(list_sites(removal.route_map)) if removal.route_map else None,
        "discarded": {"queue": queue.messages, "dead_letters": dead_letters.messages},
        "remnants": list(list_remnants(removal)),
    }


def _show(removal: Removal, counts: Sequence[QueueCount], console: Console) -> None:
    stack = removal.stack
    console.print(f"[bold]{removal.stack_name}[/] in {stack.region} of account {stack.account}: CloudFormation removes")
    console.print(f"  {_describe_sites(removal.route_map)}")
    for count in counts:
        console.print(f"  [{'red' if count.messages != 0 else 'default'}]{count}[/]")
    if LEDGER_OUTPUT in stack.outputs:
        console.print("  the records of skip_unchanged")
    console.print("  the function's log; from then on, changes of objects are not invalidated")
    for remnant in list_remnants(removal):
        console.print(f"  [dim]stays[/] {escape(remnant)}")


def _describe_sites(route_map: RouteMap | None) -> str:
    if route_map is None:
        return "the invalidation of its sites; the deployed map can't be read back"
    sites = pluralize(len(list_sites(route_map)), "site")
    return f"the invalidation of {sites} for {pluralize(len(route_map.distributions_by_id), 'distribution')}"


def _follow(removal: Removal, console: Console) -> None:
    progress = Progress(console)
    try:
        with progress.status:
            execute_removal(removal, progress.on_event)
    except KeyboardInterrupt:
        console.print("CloudFormation goes on without this command; run it again to see whether it is done")
        raise
    console.print(f"[bold green]{removal.stack_name}[/] is removed")
