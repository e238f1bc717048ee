"""A route as discovery finds it: its texts are literal, and become patterns when routes are merged."""

from typing import NamedTuple

from purgemap.routemap import Settings

_BUILT_IN = Settings()


class DiscoveredRoute(NamedTuple):
    """A route for one distribution; `note` becomes a comment."""

    bucket: str
    prefix: str
    origin_path: str
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    index_documents: tuple[str, ...] = _BUILT_IN.index_documents
    clean_urls: bool = _BUILT_IN.clean_urls
    query_strings: bool = _BUILT_IN.query_strings
    invalidate: tuple[str, ...] = _BUILT_IN.invalidate
    note: str = ""

    def with_items(self, *items: str) -> "DiscoveredRoute":
        """Return the route with literal items in place of the objects' paths, and with their query strings."""
        # A literal item has no query strings of its own, unlike `{path}`.
        queries = [f"{item}?*" for item in items if self.query_strings and not item.endswith("*")]
        route = self._replace(index_documents=_BUILT_IN.index_documents, clean_urls=False, query_strings=False)
        return route._replace(invalidate=(*items, *queries))
