"""The best known public way to shorten an invalidation, to compare with: at most 8 paths, whole folders.

Written from its description. While there are more paths than that, all branches are raised together: whatever lies
deepest gives way to its folder's wildcard, and where even that doesn't help, the whole site goes.
"""

from collections.abc import Iterable

MOST_PATHS = 8


def whole_folders(paths: Iterable[str], most: int = MOST_PATHS) -> list[str]:
    """Return the wildcards and paths that stand for viewer paths, sorted."""
    left = set(paths)
    depth = max((path.count("/") for path in left), default=0)
    while len(left) > most and depth > 1:
        left = {_folder(path) if path.count("/") >= depth else path for path in left}
        depth -= 1
    return sorted(left) if len(left) <= most else ["/*"]


def _folder(path: str) -> str:
    """Return the wildcard of a path's folder, or of the folder above for a path that is such a wildcard."""
    folder = path.removesuffix("/*").rpartition("/")[0] if path.endswith("/*") else path.rpartition("/")[0]
    return f"{folder}/*"
