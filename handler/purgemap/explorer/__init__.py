"""The map as a picture: layout, files and the local page."""

from purgemap.explorer.layout import Layout, build_layout
from purgemap.explorer.page_document import map_document
from purgemap.explorer.page_files import inline_page, page_folder, read_page_files
from purgemap.explorer.svg import draw_svg
from purgemap.explorer.wording import summarize

__all__ = [
    "Layout",
    "build_layout",
    "draw_svg",
    "inline_page",
    "map_document",
    "page_folder",
    "read_page_files",
    "summarize",
]
