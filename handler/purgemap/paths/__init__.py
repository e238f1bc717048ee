"""Keys of a target → invalidation items."""

from purgemap.paths.items import ViewerPath, encoded_viewer_paths, items_for_target, viewer_paths
from purgemap.paths.jobs_for_targets import BatchJobs, build_jobs

__all__ = [
    "BatchJobs",
    "ViewerPath",
    "build_jobs",
    "encoded_viewer_paths",
    "items_for_target",
    "viewer_paths",
]
