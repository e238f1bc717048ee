"""The pipelines of a map's own repository, as files for GitHub and GitLab: check, comment, deploy."""

from purgemap.deployment.pipelines.files import (
    GITLAB_PIPELINE,
    INCLUDED_GITLAB_PIPELINE,
    PipelineFile,
    is_own_pipeline,
    list_github_files,
    list_gitlab_files,
)
from purgemap.deployment.pipelines.source import installed_source, parse_source

__all__ = [
    "GITLAB_PIPELINE",
    "INCLUDED_GITLAB_PIPELINE",
    "PipelineFile",
    "installed_source",
    "is_own_pipeline",
    "list_github_files",
    "list_gitlab_files",
    "parse_source",
]
