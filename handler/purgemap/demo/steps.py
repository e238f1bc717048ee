"""The steps of the demo: deploy a site, edit one page, delete another."""

from collections.abc import Iterator, Mapping

from purgemap.demo.site_sync import Content, read_content
from purgemap.text import pluralize


def demo_steps(site: Mapping[str, Content]) -> Iterator[tuple[str, dict[str, Content]]]:
    """Yield each step's title and the site after it; the folder itself is not changed."""
    site = dict(site)
    yield f"First deploy: {pluralize(len(site), 'file')}", dict(site)
    page = _page_to_edit(site)
    site[page] = read_content(site[page]) + b"<!-- edited -->\n"
    yield f"Edit {page}", dict(site)
    page = _page_to_delete(site, edited=page)
    del site[page]
    yield f"Delete {page}", dict(site)


def _page_to_edit(keys: Mapping[str, Content]) -> str:
    # Preferably a folder's index, since viewers have it under two URLs.
    pages = [key for key in keys if key.endswith(".html")]
    indexes = [key for key in pages if key.endswith("/index.html")]
    return (indexes or pages or list(keys))[0]


def _page_to_delete(keys: Mapping[str, Content], edited: str) -> str:
    candidates = [key for key in keys if key != edited] or [edited]
    pages = [key for key in candidates if key.endswith(".html") and not key.endswith("index.html")]
    return (pages or candidates)[-1]
