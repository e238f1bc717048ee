"""`purgemap render`: write the CloudFormation template for a map."""

from pathlib import Path

import click

from purgemap.cli.options import read_map, routes_option, write_file
from purgemap.deployment.template import render_member, render_stack
from purgemap.routemap import load_map


@click.command(short_help="The CloudFormation that runs a map.")
@click.option("--member", is_flag=True, help="For other accounts and regions: forwarding rules, and the map's roles.")
@click.option("--output", metavar="FILE", type=click.Path(path_type=Path), help="Write to a file instead of stdout.")
@routes_option
def render(output: Path | None, routes: tuple[str, ...], *, member: bool) -> int:
    """Write the CloudFormation template that runs a map.

    Its event rules match the map's buckets only, and its permissions allow the map's distributions and roles only. The
    same map gives the same bytes. Exits with 1 and names the limit if AWS would refuse the map.
    """
    template = (render_member if member else render_stack)(read_map(routes, load_map))
    if output is None:
        click.echo(template, nl=False)
    else:
        write_file(output, template.encode())
    return 0
