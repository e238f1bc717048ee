"""The document of the page: a map's layout with its problems."""

from typing import Any

from purgemap.explorer.layout import Layout, LayoutSummary
from purgemap.operations import SurveyedMap
from purgemap.routemap import MapPaths, paths_text, problems_document

_NO_PARTS = LayoutSummary(0, 0, 0, 0, 0)


def map_document(
    paths: MapPaths, surveyed: SurveyedMap, layout: Layout | None, *, generation: int = 0, is_stale: bool = False
) -> dict[str, Any]:
    """Return the document: what `purgemap check` prints, the layout, and the numbers of its parts.

    A stale layout is that of the last valid map.
    """
    return {
        **problems_document(paths_text(paths), surveyed.problems),
        "generation": generation,
        "layout": layout.document() if layout else None,
        "summary": (layout.summary if layout else _NO_PARTS)._asdict(),
        **({"stale": True} if is_stale else {}),
    }
