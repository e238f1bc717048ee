"""Rows that have a bar → a chart as SVG: how near each ratio comes to its bar."""

from collections.abc import Sequence
from html import escape

from bench.rows import Row

_LINE, _LEFT, _WIDTH, _RIGHT = 26, 380, 300, 110
_KEPT, _BROKEN = "#2a7f62", "#b3402a"


def chart(rows: Sequence[Row]) -> str:
    """Draw a bar for each row; the line that crosses them all is where a ratio would be as high as allowed."""
    shown = [row for row in rows if row.bar is not None and row.ratio is not None]
    height = _LINE * (len(shown) + 1)
    parts = [_text(_LEFT + _WIDTH / 1.25, 16, "the bar", anchor="middle")]
    parts += [part for place, row in enumerate(shown, 1) for part in _row(place * _LINE, row)]
    parts.append(_line(_LEFT + _WIDTH / 1.25, height))
    size = f'width="{_LEFT + _WIDTH + _RIGHT}" height="{height}"'
    style = 'font-family="sans-serif" font-size="12" fill="#555"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style}>\n' + "\n".join(parts) + "\n</svg>\n"


def _row(top: int, row: Row) -> list[str]:
    assert row.ratio is not None
    assert row.bar is not None
    # A ratio that is a quarter above its bar fills the width; what is worse is cut off.
    length = min(row.ratio / row.bar, 1.25) * _WIDTH / 1.25
    colour = _KEPT if row.ratio <= row.bar else _BROKEN
    rectangle = f'<rect x="{_LEFT}" y="{top + 3}" width="{length:.1f}" height="16" fill="{colour}"/>'
    figure = f"{row.ratio:.2f} of {row.bar:.2f}"
    return [
        _text(_LEFT - 8, top + 16, _label(row), anchor="end"),
        rectangle,
        _text(_LEFT + _WIDTH + 8, top + 16, figure),
    ]


def _label(row: Row) -> str:
    return f"{row.section.partition(':')[0]}: {row.name}"


def _text(left: float, top: float, text: str, *, anchor: str = "start") -> str:
    return f'<text x="{left:g}" y="{top:g}" text-anchor="{anchor}">{escape(text)}</text>'


def _line(left: float, height: int) -> str:
    return f'<path d="M{left:g} 22V{height}" stroke="#555" stroke-dasharray="3"/>'
