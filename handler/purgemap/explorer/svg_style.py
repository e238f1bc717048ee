"""The sizes, colours and shapes of the SVG picture."""

from collections.abc import Mapping, Sequence

WIDTH = 1080
MARGIN = 24
COLUMN_WIDTH = 400
HEADER_HEIGHT = 86
GROUP_HEADING_HEIGHT = 38
GROUP_GAP = 18
GROUP_PADDING = 10
ROW_HEIGHT = 46
ROW_PITCH = 54
TEXT_START = 40
"""The distance of a row's text from its card, beside the icon."""

# A monospaced character is about 0.6 em wide in the fonts below; the card has room for this many.
NAME_CHARACTERS = 41
DETAIL_CHARACTERS = 46

_LIGHT = {
    "page": "#ffffff",
    "panel": "#f6f8fa",
    "card": "#ffffff",
    "border": "#d1d9e0",
    "text": "#1f2328",
    "muted": "#59636e",
}
_DARK = {
    "page": "#0d1117",
    "panel": "#151b23",
    "card": "#212830",
    "border": "#3d444d",
    "text": "#f0f6fc",
    "muted": "#9ea7b3",
}
_LIGHT_EDGES = ("#0969da", "#8250df", "#1a7f37", "#bc4c00", "#bf3989", "#1b7c83")
_DARK_EDGES = ("#4493f8", "#ab7df8", "#3fb950", "#db6d28", "#db61a2", "#39c5cf")

EDGE_COLOURS = len(_LIGHT_EDGES)
"""The number of colours; edges of a bucket have the same."""

_FONTS = """\
text{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;unicode-bidi:isolate}
.title,.heading,.summary{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
.title{font-size:19px;font-weight:600}
.summary{font-size:13px}
.heading{font-size:12.5px;font-weight:600}
.name{font-size:13px;font-weight:600}
.detail{font-size:11.5px}
.icon,.edge{fill:none}
.icon{stroke-width:1.5}
.edge{stroke-width:2;opacity:.7}
.edge:hover{stroke-width:4;opacity:1}
"""

# Colours are written out, not as variables: converters such as librsvg know no var().
_COLOURS = """\
.page{{fill:{page}}}
.panel{{fill:{panel};stroke:{border}}}
.card{{fill:{card};stroke:{border}}}
.title,.name{{fill:{text}}}
.summary,.heading,.detail{{fill:{muted}}}
.icon{{stroke:{muted}}}
.port{{fill:{muted}}}
"""

ICONS = (
    # A bucket, and a globe; both in a box of 16 by 16.
    '<symbol id="bucket" viewBox="0 0 16 16"><path class="icon" d="M2 4l1.6 9c.3 1 8.5 1 8.8 0L14 4"/>'
    '<ellipse class="icon" cx="8" cy="4" rx="6" ry="2"/></symbol>'
    '<symbol id="globe" viewBox="0 0 16 16"><circle class="icon" cx="8" cy="8" r="6.2"/>'
    '<ellipse class="icon" cx="8" cy="8" rx="2.8" ry="6.2"/><path class="icon" d="M1.8 8h12.4"/></symbol>'
)


def style_sheet() -> str:
    """Return the style sheet, with the dark theme for viewers who prefer it."""
    return (
        f"{_FONTS}{_rules(_LIGHT, _LIGHT_EDGES)}@media (prefers-color-scheme:dark){{\n{_rules(_DARK, _DARK_EDGES)}}}\n"
    )


def _rules(palette: Mapping[str, str], edge_colours: Sequence[str]) -> str:
    edges = (
        f".e{number}{{stroke:{colour}}}.p{number}{{fill:{colour}}}\n" for number, colour in enumerate(edge_colours)
    )
    return _COLOURS.format(**palette) + "".join(edges)
