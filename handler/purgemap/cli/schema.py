"""`purgemap schema`: print a JSON schema, of maps for editors or of the completion events."""

from pathlib import Path

import click

from purgemap.cli.options import write_file
from purgemap.cli.terminal import print_lines
from purgemap.operations import read_schema

NAMES = ("routes", "invalidation-accepted", "invalidation-rejected")


@click.command(short_help="The map's JSON schema, for editors.")
@click.argument("name", type=click.Choice(NAMES), default=NAMES[0])
@click.option("--output", metavar="FILE", type=click.Path(path_type=Path), help="Write to a file instead of stdout.")
def schema(name: str, output: Path | None) -> int:
    """Print the JSON schema of maps, with which editors complete and check a map.

    `purgemap init` writes it beside the first map. After an upgrade, replace that copy with --output. The other schemas
    describe the details of the events that the service puts on an event bus.
    """
    text = read_schema(f"{name}.schema.json")
    if output is None:
        print_lines(text.rstrip("\n"))
    else:
        write_file(output, text.encode())
    return 0
