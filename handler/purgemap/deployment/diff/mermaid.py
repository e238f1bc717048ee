"""Draw the changed sites of two maps as a Mermaid flowchart: bucket → route → distribution."""

from collections.abc import Iterator, Mapping

from purgemap.deployment.diff.compare import MapDiff
from purgemap.routemap.sites import Site

MAX_SITES = 20
"""More would be a tangle, and GitHub's renderer gives up not far above."""

_ARROWS = {"added": "==>", "removed": "-.->", "changed": "-->"}
_STYLES = {
    "added": "stroke:#1a7f37,stroke-width:3px",
    "removed": "stroke:#cf222e,stroke-dasharray:4",
    "changed": "stroke:#9a6700,stroke-width:3px",
}


def render_mermaid(diff: MapDiff) -> list[str]:
    """Return the flowchart's lines, none if no site changes; thick edges are new, dashed ones are removed."""
    sites = [*_changed_sites(diff)][:MAX_SITES]
    if not sites:
        return []
    ids: dict[tuple[str, ...], str] = {}
    changes: dict[tuple[str, str], str] = {}
    for change, site in sites:
        for edge in _edges(site, ids):
            # An edge that several sites share is new or removed only if all of them are.
            changes[edge] = change if changes.get(edge, change) == change else "changed"
    labels = {site.distribution.id: site.label for _, site in sites}
    nodes = [f"  {node_id}{_shape(key, labels)}" for key, node_id in ids.items()]
    edges = [f"  {start} {_ARROWS[change]} {end}" for (start, end), change in changes.items()]
    styles = [f"  linkStyle {index} {_STYLES[change]}" for index, change in enumerate(changes.values())]
    return ["flowchart LR", *nodes, *edges, *styles]


def _changed_sites(diff: MapDiff) -> Iterator[tuple[str, Site]]:
    for old, new in diff.sites:
        if new:
            yield ("changed" if old else "added"), new
        elif old:
            yield "removed", old


def _edges(site: Site, ids: dict[tuple[str, ...], str]) -> Iterator[tuple[str, str]]:
    """Yield a site's edges by the ids of their nodes, and number its new nodes."""
    keys = (
        ("bucket", site.bucket),
        ("route", site.bucket, site.prefix or "all keys", site.route),
        ("distribution", site.distribution.id),
    )
    bucket, route, distribution = (ids.setdefault(key, f"n{len(ids)}") for key in keys)
    yield bucket, route
    yield route, distribution


def _shape(key: tuple[str, ...], labels: Mapping[str, str]) -> str:
    kind, *texts = key
    if kind == "bucket":
        return f'[("{_escape(texts[0])}")]'
    if kind == "distribution":
        return f'(["{_escape(labels[texts[0]])}"])'
    _, prefix, name = texts
    has_own_name = "/" not in name  # otherwise the map's reader made it of bucket and prefix
    return f'["{_escape(name)}<br/>{_escape(prefix)}"]' if has_own_name else f'["{_escape(prefix)}"]'


def _escape(text: str) -> str:
    """Replace all but plain characters by entities, so that no text becomes Mermaid's syntax."""
    return "".join(
        character if character.isascii() and (character.isalnum() or character in "-_./ ") else f"#{ord(character)};"
        for character in text
    )
