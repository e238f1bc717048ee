"""Viewer paths: the URL paths under which viewers have an object."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from purgemap.paths.encoding import DEFAULT_ENCODING, EncodingVariant, encoding_variants
from purgemap.routing import Target


class ViewerPath(NamedTuple):
    """A viewer path of an object, not yet encoded, and why the object has it."""

    path: str
    reason: str


def list_viewer_paths(target: Target, key: str) -> tuple[ViewerPath, ...]:
    """List an object's viewer paths: its own, without a suffix, of an index document, of clean URLs."""
    path = "/" + key[len(target.origin_path) :]
    paths = [ViewerPath(path, "the object's own path"), *_page_paths(target, path)]
    for suffix in target.settings.strip_suffixes:
        stripped = path.removesuffix(suffix)
        # A name that is nothing but the suffix keeps it.
        if stripped != path and not stripped.endswith("/"):
            paths += (ViewerPath(stripped, f"without its suffix {suffix}"), *_page_paths(target, stripped))
    return tuple(paths)


def _page_paths(target: Target, path: str) -> Iterator[ViewerPath]:
    folder, _, name = path.rpartition("/")
    if name in target.settings.index_documents:
        yield ViewerPath(folder + "/", f"{name} is an index document")
        if target.settings.clean_urls and folder:
            yield ViewerPath(folder, f"clean URL of a folder's {name}")
    elif target.settings.clean_urls and name.endswith(".html"):
        yield ViewerPath(path.removesuffix(".html"), "clean URL")


def encode_viewer_paths(paths: Iterable[ViewerPath]) -> Iterator[str]:
    """Encode viewer paths in every variant that viewers may use; a `~` stays as viewers write it."""
    return (variant.encode(path) for path, _ in paths for variant in encoding_variants(path))


def viewer_scope(target: Target, variant: EncodingVariant = DEFAULT_ENCODING) -> str:
    """Return the matched prefix as an encoded viewer path, up to a `~`, which no wildcard can hold."""
    return variant.encode("/" + target.matched_prefix[len(target.origin_path) :]).partition("~")[0]
