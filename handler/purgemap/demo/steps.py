"""A site → what a person does with it: the first deploy, one page edited, one deleted."""

from collections.abc import Iterator, Mapping

from purgemap.demo.site_sync import Content, read_content
from purgemap.text import pluralize


def demo_steps(site: Mapping[str, Content]) -> Iterator[tuple[str, dict[str, Content]]]:
    """Give each step's title and the site that it leaves behind; the folder itself stays as it is."""
    now = dict(site)
    yield f"First deploy: {pluralize(len(now), 'file')}", dict(now)
    page = _page_to_edit(now)
    now[page] = read_content(now[page]) + b"<!-- edited -->\n"
    yield f"Edit {page}", dict(now)
    page = _page_to_delete(now, but=page)
    del now[page]
    yield f"Delete {page}", dict(now)


def _page_to_edit(keys: Mapping[str, Content]) -> str:
    """Choose a folder's index, which is known by two URLs; else a page; else anything."""
    pages = [key for key in keys if key.endswith(".html")]
    indexes = [key for key in pages if key.endswith("/index.html")]
    return (indexes or pages or list(keys))[0]


def _page_to_delete(keys: Mapping[str, Content], but: str) -> str:
    others = [key for key in keys if key != but] or [but]
    pages = [key for key in others if key.endswith(".html") and not key.endswith("index.html")]
    return (pages or others)[-1]
