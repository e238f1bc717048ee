"""`purgemap build`: write the function's zip."""

from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from purgemap.cli.options import load_and_warn, routes_option, write_file
from purgemap.cli.site_counts import count_listings, listing_option
from purgemap.cli.terminal import Terminal, print_json
from purgemap.deployment.package import FUNCTION_PYTHON, FunctionPackage, package_function
from purgemap.operations import compile_folder_counts

DEFAULT_OUTPUT = "dist/function.zip"
_PYTHON = "Python " + ".".join(map(str, FUNCTION_PYTHON))


@click.command(short_help="The function's zip, the same bytes every time.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    default=DEFAULT_OUTPUT,
    show_default=True,
    help="The zip to write.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead.")
@listing_option
@routes_option
def build(output: Path, routes: tuple[str, ...], listings: tuple[str, ...], *, as_json: bool) -> int:
    """Build the function's zip from the map and the installed dependencies.

    Checks the map first, and packs it compiled. The same map, listings, dependencies and Python give the same bytes.
    """
    route_map = load_and_warn(routes)
    package = package_function(route_map, compile_folder_counts(route_map, count_listings(listings, route_map)))
    write_file(output, package.archive)
    if as_json:
        print_json(document(package, output))
    else:
        _show(package, output, Terminal())
    return 0


def document(package: FunctionPackage, output: Path) -> dict[str, Any]:
    """Return the JSON document of `purgemap build --json`."""
    return {
        "file": str(output),
        "sha256": package.sha256,
        "bytes": len(package.archive),
        "byte_code": _PYTHON if package.interpreter else None,
        "parts": [
            {
                "name": part.name,
                "version": part.version or None,
                "tested_version": part.tested_version or None,
                "files": part.files,
                "bytes": part.size,
            }
            for part in package.parts
        ],
    }


def _show(package: FunctionPackage, output: Path, console: Console) -> None:
    table = Table("inside", "version", box=None, pad_edge=False, header_style="dim")
    for column in ("files", "bytes"):
        table.add_column(column, justify="right")
    for part in package.parts:
        table.add_row(part.name, part.version, f"{part.files:,}", f"{part.size:,}")
    console.print(table)
    if package.interpreter:
        console.print(f"with byte-code for {_PYTHON}, compiled by {package.interpreter}", markup=False)
    show_package_notes(package, console)
    console.print(f"[bold]{output}[/]: {len(package.archive):,} bytes, for arm64 and x86_64, sha256 {package.sha256}")


def show_package_notes(package: FunctionPackage, console: Console) -> None:
    """Print how the zip differs from the one that this release was tested with, and the cost of missing byte-code."""
    others = [part for part in package.parts if part.tested_version not in ("", part.version)]
    if others:
        names = ", ".join(f"{part.name} {part.version}, not {part.tested_version}" for part in others)
        tested = " ".join(f"{part.name}=={part.tested_version}" for part in others)
        console.print(f"[yellow]not the tested versions[/]: {names}; for those: pip install {tested}")
    if not package.interpreter:
        console.print(
            f"[yellow]without byte-code[/]: this computer has no {_PYTHON}, so each start of the function compiles what"
            " it imports, and takes twice as long"
        )
