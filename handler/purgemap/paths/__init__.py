"""Keys of a target → invalidation items, and the jobs that they make."""

from purgemap.paths.items import TargetItems, items_for_target
from purgemap.paths.jobs_for_targets import BatchJobs, build_jobs
from purgemap.paths.viewer_paths import ViewerPath, encoded_viewer_paths, viewer_paths

__all__ = [
    "BatchJobs",
    "TargetItems",
    "ViewerPath",
    "build_jobs",
    "encoded_viewer_paths",
    "items_for_target",
    "viewer_paths",
]
