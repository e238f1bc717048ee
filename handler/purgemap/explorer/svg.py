"""Draw a layout as an SVG picture."""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape

from purgemap.explorer.layout import Edge, Layout, LayoutRow, RowGroup, SourceRow
from purgemap.explorer.svg_style import (
    COLUMN_WIDTH,
    DETAIL_CHARACTERS,
    EDGE_COLOURS,
    GROUP_GAP,
    GROUP_HEADING_HEIGHT,
    GROUP_PADDING,
    HEADER_HEIGHT,
    ICONS,
    MARGIN,
    NAME_CHARACTERS,
    ROW_HEIGHT,
    ROW_PITCH,
    TEXT_START,
    WIDTH,
    style_sheet,
)
from purgemap.explorer.wording import describe_group, describe_layout, describe_row, summarize
from purgemap.text import escape_control_characters

_SOURCES_X = MARGIN
_DESTINATIONS_X = WIDTH - MARGIN - COLUMN_WIDTH
_EDGE_START = _SOURCES_X + COLUMN_WIDTH - GROUP_PADDING
_EDGE_END = _DESTINATIONS_X + GROUP_PADDING
_BEND = (_EDGE_END - _EDGE_START) * 0.5

_Groups = Sequence[RowGroup[LayoutRow]]


class _PlacedGroup(NamedTuple):
    """A group with the y of its panel, and the y of each row."""

    group: RowGroup[LayoutRow]
    y: float
    height: float
    rows: Sequence[tuple[LayoutRow, float]]


def draw_svg(layout: Layout, title: str) -> str:
    """Return the picture as one XML document; texts of the map are escaped, whatever they contain."""
    columns: tuple[_Groups, _Groups] = (layout.sources, layout.destinations)
    heights = [_column_height(groups) for groups in columns]
    sources, destinations = (
        _place(groups, HEADER_HEIGHT + _indent(max(heights) - height))
        for groups, height in zip(columns, heights, strict=True)
    )
    colours = _colours(layout)
    rows = _row_heights(sources) | _row_heights(destinations)
    height = HEADER_HEIGHT + max(heights) + MARGIN - GROUP_GAP
    size = f'viewBox="0 0 {WIDTH} {height:g}" width="{WIDTH}" height="{height:g}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-labelledby="map-title map-description">',
            f'<title id="map-title">{_text(title)}</title>',
            f'<desc id="map-description">{_text(describe_layout(layout))}</desc>',
            f"<style>{escape(style_sheet())}</style>",
            f"<defs>{ICONS}</defs>",
            f'<rect class="page" width="{WIDTH}" height="{height:g}"/>',
            f'<text class="title" x="{MARGIN}" y="40">{_text(_shorten(title, 90))}</text>',
            f'<text class="summary" x="{MARGIN}" y="63">{_text(summarize(layout.summary))}</text>',
            *_draw_panels(sources, _SOURCES_X),
            *_draw_panels(destinations, _DESTINATIONS_X),
            *_draw_edges(layout.edges, rows, colours),
            *_draw_cards(sources, _SOURCES_X),
            *_draw_cards(destinations, _DESTINATIONS_X),
            *_draw_ports(layout, rows, colours),
            "</svg>",
            "",
        ]
    )


def _group_height(group: RowGroup[LayoutRow]) -> float:
    return GROUP_HEADING_HEIGHT + len(group.rows) * ROW_PITCH + GROUP_PADDING - (ROW_PITCH - ROW_HEIGHT)


def _column_height(groups: _Groups) -> float:
    return sum(_group_height(group) + GROUP_GAP for group in groups)


def _indent(difference: float) -> float:
    """Return the distance of a shorter column from the top: its middle, so that the edges are flat."""
    # A column that is only a few points lower looks like a mistake.
    return difference / 2 if difference > ROW_PITCH else 0


def _place(groups: _Groups, y: float) -> list[_PlacedGroup]:
    placed = []
    for group in groups:
        rows = [(row, y + GROUP_HEADING_HEIGHT + index * ROW_PITCH) for index, row in enumerate(group.rows)]
        placed.append(_PlacedGroup(group, y, _group_height(group), rows))
        y += _group_height(group) + GROUP_GAP
    return placed


def _row_heights(groups: Sequence[_PlacedGroup]) -> dict[str, float]:
    return {row.id: y for group in groups for row, y in group.rows}


def _draw_panels(groups: Sequence[_PlacedGroup], x: float) -> Iterator[str]:
    for group in groups:
        yield (
            f'<rect class="panel" x="{x}" y="{group.y:g}" width="{COLUMN_WIDTH}" height="{group.height:g}" rx="12"/>'
            f'<text class="heading" x="{x + GROUP_PADDING + 4}" y="{group.y + 25:g}">'
            f"{_text(_shorten(describe_group(group.group), 54))}</text>"
        )


def _colours(layout: Layout) -> dict[str, int]:
    """Return the number of each bucket's colour; neighbours differ."""
    buckets = dict.fromkeys(row.bucket for group in layout.sources for row in group.rows)
    return {bucket: number % EDGE_COLOURS for number, bucket in enumerate(buckets)}


def _draw_edges(edges: Sequence[Edge], heights: Mapping[str, float], colours: Mapping[str, int]) -> Iterator[str]:
    for edge in edges:
        start, end = (heights[id_] + ROW_HEIGHT / 2 for id_ in (edge.source, edge.destination))
        yield (
            f'<path class="edge e{colours[edge.site.bucket]}" d="M{_EDGE_START} {start:g}C{_EDGE_START + _BEND:g} '
            f'{start:g} {_EDGE_END - _BEND:g} {end:g} {_EDGE_END} {end:g}">'
            f"<title>{_text(_describe_edge(edge))}</title></path>"
        )


def _draw_ports(layout: Layout, heights: Mapping[str, float], colours: Mapping[str, int]) -> Iterator[str]:
    """Draw the dot of each row at which its edges meet."""
    for source in (row for group in layout.sources for row in group.rows):
        yield _draw_dot(f"p{colours[source.bucket]}", _EDGE_START, heights[source.id])
    for destination in (row for group in layout.destinations for row in group.rows):
        # Edges of several buckets meet here, so the dot has no colour of theirs.
        yield _draw_dot("port", _EDGE_END, heights[destination.id])


def _draw_dot(style: str, x: float, y: float) -> str:
    return f'<circle class="{style}" cx="{x}" cy="{y + ROW_HEIGHT / 2:g}" r="4"/>'


def _describe_edge(edge: Edge) -> str:
    origin_path = edge.site.settings.origin_path
    return f"{edge.site.route}: {edge.site}" + (f", without {origin_path}" if origin_path else "")


def _draw_cards(groups: Sequence[_PlacedGroup], x: float) -> Iterator[str]:
    for row, y in (row for group in groups for row in group.rows):
        name, detail = describe_row(row)
        icon = "bucket" if isinstance(row, SourceRow) else "globe"
        left, width = x + GROUP_PADDING, COLUMN_WIDTH - 2 * GROUP_PADDING
        card = f'x="{left}" y="{y:g}" width="{width}" height="{ROW_HEIGHT}"'
        # The inner svg cuts off what sticks out of its card, such as a tower of accents.
        yield (
            f'<g><title>{_text(name)}\n{_text(detail)}</title><rect class="card" {card} rx="8"/>'
            f'<use href="#{icon}" x="{left + 13}" y="{y + 15:g}" width="16" height="16"/><svg {card}>'
            f'<text class="name" x="{TEXT_START}" y="20">{_text(_shorten(name, NAME_CHARACTERS))}</text>'
            f'<text class="detail" x="{TEXT_START}" y="36">{_text(_shorten(detail, DETAIL_CHARACTERS))}</text>'
            "</svg></g>"
        )


def _text(text: str) -> str:
    # XML allows no control characters. Marks that turn the direction of text must be visible, too.
    return escape(escape_control_characters(text))


def _shorten(text: str, width: int) -> str:
    """Cut a text in its middle: names of buckets start alike, and prefixes differ at their end."""
    text = escape_control_characters(text)
    if _width(text) <= width:
        return text
    start, end = text, text
    while _width(start) > width // 2:
        start = start[: -max(1, (len(start) - width) // 2)]
    while _width(end) > (width - 1) // 2:
        end = end[max(1, (len(end) - width) // 2) :]
    return f"{start}…{end}"


def _width(text: str) -> int:
    # Characters of East Asia take two cells.
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
