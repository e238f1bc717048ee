"""`purgemap ledger`: work with the record of what was invalidated, which `skip_unchanged` keeps."""

import click
from rich.markup import escape
from rich.progress import Progress

from purgemap.aws.monitoring import AwsLedgerRecords
from purgemap.cli.options import stack_name_option
from purgemap.cli.site_input import parse_site
from purgemap.cli.terminal import Terminal, confirm, print_json
from purgemap.deployment.rollout import SiteSelection
from purgemap.deployment.stack import DeployedStack, read_stack
from purgemap.deployment.template import LEDGER_OUTPUT
from purgemap.errors import PurgemapError
from purgemap.text import S3_SCHEME, pluralize


@click.group(short_help="Forget what skip_unchanged has recorded.")
def ledger() -> None:
    """Work with the content ledger: what was invalidated for each object of a route with skip_unchanged."""


@ledger.command(short_help="Forget objects, so that their next uploads are invalidated.")
@click.argument("site", metavar="BUCKET[/PREFIX]", type=parse_site)
@stack_name_option
@click.option("--yes", is_flag=True, help="Forget without asking.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead.")
def forget(*, site: SiteSelection, stack_name: str, yes: bool, as_json: bool) -> int:
    """Forget all objects of a bucket, or those whose keys start with PREFIX. Nothing is invalidated now.

    The next upload of each object is invalidated, whether it changes something or not. Use it after changes whose
    events were lost, such as while a bucket's notifications were off. Shows the number of objects, and asks.
    """
    console = Terminal(stderr=as_json)
    stack = read_stack(stack_name)
    table = find_ledger_table(stack)
    records = AwsLedgerRecords(table, stack.region)
    keys = list(records.list_keys(site.bucket, site.prefix))
    place = f"{S3_SCHEME}{site.bucket}/{site.prefix}"
    console.print(f"{escape(place)}: the table {table} has records of {pluralize(len(keys), 'object')}")
    if keys:
        if not confirm("Forget them?", yes=yes):
            return 1
        with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
            task = progress.add_task("objects", total=len(keys))
            records.forget(site.bucket, keys, lambda count: progress.advance(task, count))
    if as_json:
        print_json({"stack": stack_name, "table": table, **site._asdict(), "forgotten": len(keys)})
    elif keys:
        console.print(f"{pluralize(len(keys), 'object')} forgotten")
    return 0


def find_ledger_table(stack: DeployedStack) -> str:
    """Return the name of a stack's ledger table; raises PurgemapError for a stack without one."""
    table = stack.outputs.get(LEDGER_OUTPUT)
    if not table:
        message = f"the stack {stack.name} in {stack.region} has no ledger, because no route of its map skips uploads"
        raise PurgemapError(f"{message}; set skip_unchanged in the map, and deploy it")
    return table
