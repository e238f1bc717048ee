"""`purgemap graph`: draw the map into a file."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from purgemap.cli.completion import file_name
from purgemap.cli.options import read_map, routes_option, write_file
from purgemap.cli.terminal import Terminal
from purgemap.routemap import MapError, MapPaths, paths_text

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from purgemap.explorer import Layout
    from purgemap.operations import SurveyedMap
    from purgemap.routemap import RouteMap

# The imports of drawing, and those of operations, wait until the command runs: `purgemap --help` loads this module.
# ruff: noqa: PLC0415

_FORMATS_BY_ENDING = {
    ".svg": "svg",
    ".html": "html",
    ".htm": "html",
    ".mmd": "mermaid",
    ".mermaid": "mermaid",
}

# The defaults of maxEdges and maxTextSize, which GitHub uses: https://mermaid.js.org/config/schema-docs/config.html
_MAX_MERMAID_EDGES = 500
_MAX_MERMAID_CHARACTERS = 50_000


@click.command(short_help="Draw the map as a picture.")
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["svg", "html", "mermaid"]),
    help="A picture, a page with search and filters, or a Mermaid flowchart [default: by the output's ending, or svg].",
)
@click.option("--output", type=file_name, metavar="FILE", help="The file to write [default: standard output].")
@routes_option
@click.pass_obj
def graph(page: "Traversable | None", output_format: str | None, output: str | None, routes: tuple[str, ...]) -> int:
    """Draw the map: its buckets and prefixes, its distributions by account, and a line for each site.

    SVG has a light and a dark theme. HTML is one file that needs no server. A map whose tests fail is drawn, too.
    """
    chosen_format = output_format or _format_of(output)
    surveyed, route_map = read_map(routes, _survey)
    from purgemap.explorer import (
        build_layout,
        draw_svg,
        inline_page,
        map_document,
        page_folder,
        read_page_files,
        summarize,
    )

    layout = build_layout(route_map, surveyed.places)
    if chosen_format == "svg":
        text = draw_svg(layout, f"purgemap: {paths_text(routes)}")
    elif chosen_format == "html":
        page_files = read_page_files(page or page_folder())
        text = inline_page(page_files, map_document(routes, surveyed, layout))
    else:
        text = _draw_mermaid(layout)
    if output is None:
        click.echo(text, nl=False)
        return 0
    write_file(Path(output), text.encode())
    Terminal().print(f"{output}: {summarize(layout.summary)}", markup=False)
    return 0


def _format_of(output: str | None) -> str:
    """Return the format of a file's ending; raises click.UsageError for an unknown one."""
    if output is None:
        return "svg"
    ending = Path(output).suffix.lower()
    if ending not in _FORMATS_BY_ENDING:
        endings = ", ".join(_FORMATS_BY_ENDING)
        raise click.UsageError(f"{output}: the ending names no format ({endings}); pass --format")
    return _FORMATS_BY_ENDING[ending]


def _survey(paths: MapPaths) -> "tuple[SurveyedMap, RouteMap]":
    from purgemap.operations import survey_map

    surveyed = survey_map(paths)
    if surveyed.route_map is None:
        raise MapError(surveyed.problems)
    return surveyed, surveyed.route_map


def _draw_mermaid(layout: "Layout") -> str:
    from purgemap.deployment.diff import render_sites

    lines = render_sites([edge.site for edge in layout.edges])
    text = "\n".join([*lines, ""])
    edges = sum(" --> " in line for line in lines)
    if edges > _MAX_MERMAID_EDGES or len(text) > _MAX_MERMAID_CHARACTERS:
        limits = f"{_MAX_MERMAID_EDGES} edges and {_MAX_MERMAID_CHARACTERS:,} characters"
        size = f"this has {edges:,} edges and {len(text):,} characters"
        warning = f"purgemap: Mermaid refuses more than {limits}, and {size}; draw it with --format svg"
        Terminal(stderr=True).print(warning, style="yellow", markup=False)
    return text
