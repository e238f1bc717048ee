"""`purgemap build`: the function's zip, the same bytes every time."""

from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from purgemap.cli.options import routes_option, write_file
from purgemap.cli.sound_maps import load_and_warn
from purgemap.cli.terminal import Terminal, print_json
from purgemap.deployment.package import FUNCTION_PYTHON, FunctionPackage, package_function

DEFAULT_OUTPUT = "dist/function.zip"
_PYTHON = "Python " + ".".join(map(str, FUNCTION_PYTHON))


@click.command(short_help="The function's zip, the same bytes every time.")
@click.option(
    "--architecture",
    type=click.Choice(["arm64", "x86_64"]),
    default="arm64",
    show_default=True,
    help="Changes nothing: the zip is pure Python, for either. The stack's parameter Architecture decides.",
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    default=DEFAULT_OUTPUT,
    show_default=True,
    help="Where the zip goes.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead.")
@routes_option
def build(architecture: str, output: Path, routes: tuple[str, ...], *, as_json: bool) -> int:
    """Build the function's zip from the map and the installed dependencies.

    Checks the map first, and puts it in compiled. The same map, dependencies and Python give the same bytes.
    """
    built = package_function(load_and_warn(routes))
    write_file(output, built.archive)
    if as_json:
        print_json(document(built, output, architecture))
    else:
        _show(built, output, Terminal())
    return 0


def document(built: FunctionPackage, output: Path, architecture: str) -> dict[str, Any]:
    """Return the JSON document of `purgemap build --json`."""
    return {
        "file": str(output),
        "sha256": built.sha256,
        "bytes": len(built.archive),
        "architecture": architecture,
        "byte_code": _PYTHON if built.interpreter else None,
        "parts": [
            {"name": part.name, "version": part.version or None, "files": part.files, "bytes": part.size}
            for part in built.parts
        ],
    }


def _show(built: FunctionPackage, output: Path, console: Console) -> None:
    table = Table("inside", "version", box=None, pad_edge=False, header_style="dim")
    for column in ("files", "bytes"):
        table.add_column(column, justify="right")
    for part in built.parts:
        table.add_row(part.name, part.version, f"{part.files:,}", f"{part.size:,}")
    console.print(table)
    if built.interpreter:
        console.print(f"with byte-code for {_PYTHON}, compiled by {built.interpreter}", markup=False)
    show_missing_byte_code(built, console)
    console.print(f"[bold]{output}[/]: {len(built.archive):,} bytes, for arm64 and x86_64, sha256 {built.sha256}")


def show_missing_byte_code(built: FunctionPackage, console: Console) -> None:
    """Print what a start costs if the zip has no byte-code."""
    if not built.interpreter:
        console.print(
            f"[yellow]without byte-code[/]: this computer has no {_PYTHON}, so each start of the function compiles what"
            " it imports, and takes twice as long"
        )
