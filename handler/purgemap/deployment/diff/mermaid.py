"""Draw sites as a Mermaid flowchart: those that change between two maps, or all. Bucket → route → distribution."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

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
    nodes = _nodes(ids, [site for _, site in sites])
    edges = [f"  {start} {_ARROWS[change]} {end}" for (start, end), change in changes.items()]
    styles = [f"  linkStyle {index} {_STYLES[change]}" for index, change in enumerate(changes.values())]
    return ["flowchart LR", *nodes, *edges, *styles]


def render_sites(sites: Sequence[Site]) -> list[str]:
    """Return the flowchart's lines of all these sites."""
    ids: dict[tuple[str, ...], str] = {}
    edges = dict.fromkeys(edge for site in sites for edge in _edges(site, ids))
    return ["flowchart LR", *_nodes(ids, sites), *(f"  {start} --> {end}" for start, end in edges)]


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


def _nodes(ids: Mapping[tuple[str, ...], str], sites: Iterable[Site]) -> list[str]:
    labels = {site.distribution.id: site.label for site in sites}
    return [f"  {node_id}{_shape(key, labels)}" for key, node_id in ids.items()]


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
