"""Keys of a target → invalidation items, and the jobs that they make."""

from purgemap.paths.items import TargetItems, items_for_target
from purgemap.paths.jobs_for_targets import BatchJobs, build_jobs
from purgemap.paths.viewer_paths import ViewerPath, encode_viewer_paths, list_viewer_paths

__all__ = [
    "BatchJobs",
    "TargetItems",
    "ViewerPath",
    "build_jobs",
    "encode_viewer_paths",
    "items_for_target",
    "list_viewer_paths",
]
