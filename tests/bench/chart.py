"""An SVG chart of the rows with a bar: each ratio as a share of its bar.

It draws its own background, light or dark as the reader prefers, so that it is readable on any page.
"""

from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby
from operator import attrgetter

from bench.rows import Row

# Pixels: of a line, up to the drawing, of the drawing as wide as a ratio that reaches its bar, and beside it.
_LINE, _LEFT, _BAR, _RIGHT, _MARGIN = 22, 376, 280, 200, 16
# A ratio is drawn up to a quarter above its bar, and cut off beyond.
_MOST = 1.25
_WIDTH = _LEFT + _BAR * _MOST + _RIGHT

_MET, _MISSED = "#2f8f6b", "#c2452d"
_STYLE = """<style>
.paper { fill: #ffffff } text { fill: #57606a } .section { fill: #1f2328; font-weight: 600 }
.limit { stroke: #1f2328; stroke-dasharray: 3 3 } .moonshot { fill: #b7791f }
@media (prefers-color-scheme: dark) {
.paper { fill: #0d1117 } text { fill: #9198a1 } .section { fill: #f0f6fc }
.limit { stroke: #f0f6fc } .moonshot { fill: #f2cc60 }
}
</style>"""


def draw_chart(rows: Sequence[Row]) -> str:
    """Draw a bar for each row; the line across all bars marks the highest allowed ratio."""
    # A bar of 0 gives a ratio no length.
    shown = [row for row in rows if row.bar and row.ratio is not None]
    sections = [(section, list(section_rows)) for section, section_rows in groupby(shown, attrgetter("section"))]
    height = _MARGIN * 2 + _LINE * (1 + len(shown) + len(sections))
    size = f'viewBox="0 0 {_WIDTH:g} {height}" width="{_WIDTH:g}" height="{height}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12">',
            _STYLE,
            f'<path class="paper" d="M0 0H{_WIDTH:g}V{height}H0z"/>',
            *_legend(),
            *_sections(sections),
            f'<path class="limit" d="M{_LEFT + _BAR} {_MARGIN + _LINE}V{height - _MARGIN}"/>',
            "</svg>\n",
        ]
    )


def _legend() -> Iterator[str]:
    yield _text(_LEFT + _BAR, _MARGIN + 14, "the bar", anchor="middle")
    yield _diamond(_LEFT + 6, _MARGIN + 10)
    yield _text(_LEFT + 16, _MARGIN + 14, "moonshot")


def _sections(sections: Sequence[tuple[str, Sequence[Row]]]) -> Iterator[str]:
    top = _MARGIN + _LINE
    for section, rows in sections:
        yield _text(_MARGIN, top + 16, section, is_section=True)
        top += _LINE
        for row in rows:
            yield from _row(top, row)
            top += _LINE


def _row(top: int, row: Row) -> Iterator[str]:
    assert row.ratio is not None
    assert row.bar is not None
    colour = _MET if row.verdict == "met" else _MISSED
    yield _text(_LEFT - 8, top + 15, row.name, anchor="end")
    length = min(row.ratio / row.bar, _MOST) * _BAR
    yield f'<rect x="{_LEFT}" y="{top + 4}" width="{length:.1f}" height="{_LINE - 8}" fill="{colour}"/>'
    if row.moonshot is not None:
        yield _diamond(_LEFT + row.moonshot / row.bar * _BAR, top + _LINE / 2)
    yield _text(_LEFT + _BAR * _MOST + 8, top + 15, _figures(row))


def _figures(row: Row) -> str:
    moonshot = "" if row.moonshot is None else f", moonshot {row.moonshot:.2f}"
    return f"{row.ratio:.2f} of {row.bar:.2f}{moonshot}"


def _text(left: float, top: float, text: str, *, anchor: str = "start", is_section: bool = False) -> str:
    kind = ' class="section"' if is_section else ""
    side = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text{kind} x="{left:g}" y="{top:g}"{side}>{escape(text)}</text>'


def _diamond(left: float, top: float) -> str:
    return f'<path class="moonshot" d="M{left:g} {top - 6:g}l5 6l-5 6l-5 -6z"/>'
