"""`purgemap schema`: print the map's JSON schema, for editors."""

from pathlib import Path

import click

from purgemap.cli.options import write_file
from purgemap.cli.terminal import print_lines
from purgemap.operations import read_schema


@click.command(short_help="The map's JSON schema, for editors.")
@click.option("--output", metavar="FILE", type=click.Path(path_type=Path), help="Write to a file instead of stdout.")
def schema(output: Path | None) -> int:
    """Print the JSON schema of maps, with which editors complete and check a map.

    `purgemap init` writes it beside the first map. After an upgrade, replace that copy with --output.
    """
    if output is None:
        print_lines(read_schema().rstrip("\n"))
    else:
        write_file(output, read_schema().encode())
    return 0
