"""The best known public algorithm to shorten an invalidation, to compare with: at most 8 paths, whole folders.

Written from its description. While there are more paths, the wildcards of their folders replace the deepest ones. If
that does not suffice, the whole site is evicted.
"""

from collections.abc import Iterable

MAX_PATHS = 8


def whole_folders(paths: Iterable[str], max_paths: int = MAX_PATHS) -> list[str]:
    """Return sorted wildcards and paths that cover viewer paths."""
    items = set(paths)
    depth = max((path.count("/") for path in items), default=0)
    while len(items) > max_paths and depth > 1:
        items = {_folder(path) if path.count("/") >= depth else path for path in items}
        depth -= 1
    return sorted(items) if len(items) <= max_paths else ["/*"]


def _folder(path: str) -> str:
    """Return the wildcard of a path's folder, or of the folder above if the path is such a wildcard."""
    folder = path.removesuffix("/*").rpartition("/")[0] if path.endswith("/*") else path.rpartition("/")[0]
    return f"{folder}/*"
