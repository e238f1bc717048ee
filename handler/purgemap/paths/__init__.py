"""Keys of a target → invalidation items."""

from purgemap.paths.items import ViewerPath, encoded_viewer_paths, items_for_target, viewer_paths

__all__ = [
    "ViewerPath",
    "encoded_viewer_paths",
    "items_for_target",
    "viewer_paths",
]
