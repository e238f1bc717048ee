"""The files of a pipeline: templates for the default map, with another map's path in its place."""

import re
from contextlib import suppress
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from purgemap.errors import PurgemapError

GITLAB_PIPELINE = ".gitlab-ci.yml"
INCLUDED_GITLAB_PIPELINE = "purgemap.gitlab-ci.yml"

# The templates are valid as they are, for this map; tests and people can use them without a renderer.
_TEMPLATE_MAP = "config/routes.yaml"
_TRIGGER = re.compile(rf"^( *- ){re.escape(_TEMPLATE_MAP)}( # the map)$", re.MULTILINE)

# Other characters are special in the platforms' filters of changed files, each of which has its own rules.
_PLAIN_PATH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._/-]*")

_GITHUB_FOLDER, _GITLAB_FOLDER = ".github/purgemap", ".gitlab/purgemap"
_ACTION_FOLDER = ".github/actions/purgemap"
_MARK = "# `purgemap init --gitlab` wrote this file"
_ROLE_PURPOSE = "the stack of the role that deploys"

_SOURCE_COMMENT = """\
# The purgemap that the pipelines install: a line of a pip requirements file. Its dependencies are in requirements.lock;
# after an upgrade of purgemap, remove both files and run `purgemap init` again, which writes them anew.
"""


class PipelineFile(NamedTuple):
    """A file of a pipeline: its path below the root of the repository, its text, and its purpose in a line."""

    path: str
    text: str
    purpose: str


def list_github_files(routes: str, *, is_folder: bool, source: str) -> tuple[PipelineFile, ...]:
    """Return the workflows for a map, the action that they use, and the template of their role.

    `routes` is the map's path below the root of the repository; raises PurgemapError if a workflow cannot name it.
    """
    _check_path(routes)
    trigger = f"{routes}/**" if is_folder else routes
    return (
        PipelineFile(
            ".github/workflows/purgemap-check.yaml",
            _render("github/check.yaml", routes, trigger),
            "checks the map of a pull request, and comments on its effect",
        ),
        PipelineFile(
            ".github/workflows/purgemap-deploy.yaml",
            _render("github/deploy.yaml", routes, trigger),
            "deploys the map when it is merged",
        ),
        # A copy of the action, because a reference to its repository works only where that repository can be read.
        PipelineFile(f"{_ACTION_FOLDER}/action.yaml", _read("github/action.yaml"), "installs and runs purgemap"),
        *_installation_files(_ACTION_FOLDER, source),
        PipelineFile(f"{_GITHUB_FOLDER}/role.yaml", _read("github/role.yaml"), _ROLE_PURPOSE),
    )


def list_gitlab_files(
    routes: str, *, is_folder: bool, source: str, pipeline: str = GITLAB_PIPELINE
) -> tuple[PipelineFile, ...]:
    """Return the pipeline for a map under the given name, the files that it uses, and the template of its role.

    `routes` is the map's path below the root of the repository; raises PurgemapError if the pipeline cannot name it.
    """
    _check_path(routes)
    trigger = f"{routes}/**/*" if is_folder else routes
    return (
        PipelineFile(
            pipeline,
            _render("gitlab/pipeline.yaml", routes, trigger),
            "checks the map of a merge request, and deploys it when it is merged",
        ),
        *_installation_files(_GITLAB_FOLDER, source),
        PipelineFile(f"{_GITLAB_FOLDER}/note.py", _read("gitlab/note.py"), "comments on a merge request"),
        PipelineFile(f"{_GITLAB_FOLDER}/role.yaml", _read("github/role.yaml"), _ROLE_PURPOSE),
    )


def is_own_pipeline(file: Path) -> bool:
    """Return whether a file is a pipeline that `purgemap init` wrote, as it was or edited."""
    with suppress(OSError, UnicodeDecodeError):
        return file.read_text("utf-8").startswith(_MARK)
    return False


def _installation_files(folder: str, source: str) -> tuple[PipelineFile, PipelineFile]:
    return (
        PipelineFile(f"{folder}/requirements.lock", _read("requirements.lock"), "the dependencies, with their hashes"),
        PipelineFile(f"{folder}/source.txt", f"{_SOURCE_COMMENT}{source}\n", source),
    )


def _check_path(routes: str) -> None:
    if not _PLAIN_PATH.fullmatch(routes):
        raise PurgemapError(
            f"{routes}: a pipeline cannot watch a map with this path; use letters, digits and . _ - / only"
        )


def _render(name: str, routes: str, trigger: str) -> str:
    # First the triggers: they contain the map's path, which would match again.
    parts = _TRIGGER.split(_read(name))
    texts = [part.replace(_TEMPLATE_MAP, routes) for part in parts]
    return "".join(f"{text}{trigger if index % 3 == 1 else ''}" for index, text in enumerate(texts))


def _read(name: str) -> str:
    return files("purgemap.deploy").joinpath(name).read_text("utf-8")
