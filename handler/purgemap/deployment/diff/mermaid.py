"""What differs between two maps → a Mermaid picture of it: bucket → route → distribution."""

from collections.abc import Iterator, Mapping

from purgemap.deployment.diff.compare import MapDiff
from purgemap.routemap import Site

MOST_SITES = 20
"""Beyond that a picture shows a tangle, and GitHub's renderer gives up not far above."""

_ARROWS = {"gained": "==>", "lost": "-.->", "altered": "-->"}
_STYLES = {
    "gained": "stroke:#1a7f37,stroke-width:3px",
    "lost": "stroke:#cf222e,stroke-dasharray:4",
    "altered": "stroke:#9a6700,stroke-width:3px",
}


def render_mermaid(found: MapDiff) -> list[str]:
    """Draw the changed sites only; thick is new, dashed is gone. No lines where no site changes."""
    changed = [*_changed(found)][:MOST_SITES]
    if not changed:
        return []
    numbers: dict[tuple[str, ...], str] = {}
    kinds: dict[tuple[str, str], str] = {}
    for kind, site in changed:
        for step in _steps(site, numbers):
            kinds[step] = kind if kinds.get(step, kind) == kind else "altered"
    labels = {site.distribution.id: site.label for _, site in changed}
    nodes = [f"  {number}{_shape(key, labels)}" for key, number in numbers.items()]
    edges = [f"  {start} {_ARROWS[kind]} {end}" for (start, end), kind in kinds.items()]
    styles = [f"  linkStyle {place} {_STYLES[kind]}" for place, kind in enumerate(kinds.values())]
    return ["flowchart LR", *nodes, *edges, *styles]


def _changed(found: MapDiff) -> Iterator[tuple[str, Site]]:
    for old, new in found.sites:
        if new:
            yield ("altered" if old else "gained"), new
        elif old:
            yield "lost", old


def _steps(site: Site, numbers: dict[tuple[str, ...], str]) -> Iterator[tuple[str, str]]:
    keys = (
        ("bucket", site.bucket),
        ("route", site.bucket, site.prefix or "all keys", site.route),
        ("distribution", site.distribution.id),
    )
    bucket, route, distribution = (numbers.setdefault(key, f"n{len(numbers)}") for key in keys)
    yield bucket, route
    yield route, distribution


def _shape(key: tuple[str, ...], labels: Mapping[str, str]) -> str:
    kind, *words = key
    if kind == "bucket":
        return f'[("{_escape(words[0])}")]'
    if kind == "distribution":
        return f'(["{_escape(labels[words[0]])}"])'
    _, prefix, name = words
    is_named = "/" not in name
    return f'["{_escape(name)}<br/>{_escape(prefix)}"]' if is_named else f'["{_escape(prefix)}"]'


def _escape(text: str) -> str:
    """Write text so that Mermaid shows it and nothing of it means anything: entities for all but plain characters."""
    return "".join(
        each if each.isascii() and (each.isalnum() or each in "-_./ ") else f"#{ord(each)};" for each in text
    )
