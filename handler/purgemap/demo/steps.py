"""The steps of the demo: deploy a site, perhaps upload it again, edit one page, delete another."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from purgemap.demo.site_sync import Content, read_content
from purgemap.text import pluralize


class DemoStep(NamedTuple):
    """A step's title and the site after it; `uploads_all` is whether files that did not change are uploaded, too."""

    title: str
    site: Mapping[str, Content]
    uploads_all: bool = False


def demo_steps(site: Mapping[str, Content], *, skips_unchanged: bool) -> Iterator[DemoStep]:
    """Yield the steps; the folder itself is not changed. A map that skips unchanged uploads has one step more."""
    site = dict(site)
    files = pluralize(len(site), "file")
    yield DemoStep(f"First deploy: {files}", dict(site))
    if skips_unchanged:
        # As `aws s3 sync` does from a fresh checkout, where every file has a new time.
        yield DemoStep(f"The same deploy again: {files}, all uploaded, none changed", dict(site), uploads_all=True)
    page = _page_to_edit(site)
    site[page] = read_content(site[page]) + b"<!-- edited -->\n"
    yield DemoStep(f"Edit {page}", dict(site))
    page = _page_to_delete(site, edited=page)
    del site[page]
    yield DemoStep(f"Delete {page}", dict(site))


def _page_to_edit(keys: Mapping[str, Content]) -> str:
    # Preferably a folder's index, since viewers have it under two URLs.
    pages = [key for key in keys if key.endswith(".html")]
    indexes = [key for key in pages if key.endswith("/index.html")]
    return (indexes or pages or list(keys))[0]


def _page_to_delete(keys: Mapping[str, Content], edited: str) -> str:
    candidates = [key for key in keys if key != edited] or [edited]
    pages = [key for key in candidates if key.endswith(".html") and not key.endswith("index.html")]
    return (pages or candidates)[-1]
