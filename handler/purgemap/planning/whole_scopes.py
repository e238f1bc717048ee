"""Items with their scopes → the fewest items that cover them, whatever else these evict within the scopes."""

from collections.abc import Iterator, Mapping


def cover_whole_scopes(scopes: Mapping[str, str | None]) -> set[str]:
    """Return one wildcard for each scope, and what no such wildcard covers.

    That is an item without a scope (a literal path, a tag that names a site), an item outside of its scope, and a page
    whose path is its scope: `P*` is not trusted to cover P.
    """
    items = {covering for item, scope in scopes.items() for covering in _covering(item, scope)}
    tags = {item for item in items if item.startswith("#")}
    # All that any tag is on is a page under "/".
    return (items - tags) | {"/"} if tags and "/*" in items else items


def _covering(item: str, scope: str | None) -> Iterator[str]:
    if scope is None or item == scope or not item.startswith((scope, "#")):
        yield item
        return
    yield f"{scope}*"
    if item.startswith("#"):
        # Its pages are not known; the scope's own page may be one.
        yield scope
