"""Write the pipelines of `purgemap init` into the repository of a map, without overwriting a file."""

import os
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import click
from rich.console import Console
from rich.markup import escape

from purgemap.cli.options import write_new_file
from purgemap.deployment.pipelines import (
    GITLAB_PIPELINE,
    INCLUDED_GITLAB_PIPELINE,
    PipelineFile,
    installed_source,
    is_own_pipeline,
    list_github_files,
    list_gitlab_files,
    parse_source,
)
from purgemap.errors import PurgemapError

_Command = TypeVar("_Command", bound=Callable[..., Any])

# How the role's template names a repository, and what a person must write in its place.
_REPOSITORIES = {"github": "Repository=OWNER/NAME", "gitlab": "GitLabProject=GROUP/PROJECT"}
_VARIABLES = "set the outputs of the role's stack as variables; the first lines of the pipeline name them"


def pipeline_options(command: _Command) -> _Command:
    """Add the options that `plan_pipelines` takes."""
    github_help = "Also write workflows for GitHub that check, comment on and deploy the map."
    source_help = (
        "The purgemap that the pipelines install: a version of your package index, git+https://…@COMMIT, or a wheel "
        "[default: the one that runs]."
    )
    options: tuple[Callable[[Any], Any], ...] = (
        click.option("--github", is_flag=True, help=github_help),
        click.option("--gitlab", is_flag=True, help="Also write such a pipeline for GitLab."),
        click.option("--source", metavar="SOURCE", help=source_help),
    )
    # Decorators apply from the last to the first, and click lists options in the order of the source.
    for option in reversed(options):
        command = option(command)
    return command


class PipelinePlan(NamedTuple):
    """The root of the repository, the platforms, the files to write, and those that exist and are kept."""

    root: Path
    platforms: tuple[str, ...]
    new_files: tuple[PipelineFile, ...]
    kept_files: tuple[PipelineFile, ...]

    @property
    def needs_include(self) -> bool:
        """Whether the repository has a pipeline of its own on GitLab, which must include the new one."""
        return any(file.path == INCLUDED_GITLAB_PIPELINE for file in self.new_files)

    @property
    def commands(self) -> list[str]:
        """The commands that create the roles of the pipelines, and print what to set as variables."""
        commands = []
        for platform in self.platforms:
            stack = ["--stack-name", f"purgemap-{platform}"]
            template = _shown_path(self.root / f".{platform}/purgemap/role.yaml")
            capabilities = ["--capabilities", "CAPABILITY_IAM", "--parameter-overrides", _REPOSITORIES[platform]]
            deploy = ["aws", "cloudformation", "deploy", *stack, "--template-file", template, *capabilities]
            query = ["--query", "Stacks[0].Outputs", "--output", "table"]
            commands += [shlex.join(deploy), shlex.join(["aws", "cloudformation", "describe-stacks", *stack, *query])]
        return commands

    def document(self) -> dict[str, object]:
        """Return the part of the JSON document of `purgemap init --json`."""
        include = {"include": INCLUDED_GITLAB_PIPELINE} if self.needs_include else {}
        paths = {"pipelines": self._paths(self.new_files), "kept": self._paths(self.kept_files)}
        return {**paths, **include}

    def _paths(self, files: tuple[PipelineFile, ...]) -> list[str]:
        return [_shown_path(self.root / file.path) for file in files]


def plan_pipelines(routes: Path, *, github: bool, gitlab: bool, source: str | None) -> PipelinePlan | None:
    """Choose the files of the pipelines for a map, None without a platform.

    Raises PurgemapError for a map or a source that a pipeline does not have.
    """
    if not github and not gitlab:
        if source:
            raise click.UsageError("--source is what pipelines install; pass --github or --gitlab with it")
        return None
    root = _find_root()
    # Not resolve(): a link in the repository is the path that others see.
    absolute = Path(os.path.abspath(routes))  # noqa: PTH100
    if not absolute.is_relative_to(root):
        raise PurgemapError(
            f"{routes} is not below {root}, so its pipelines do not have it; run init in its repository"
        )
    requirement = parse_source(source, root) if source else installed_source(root)
    path, is_folder = absolute.relative_to(root).as_posix(), routes.is_dir()
    files: list[PipelineFile] = []
    if github:
        files += list_github_files(path, is_folder=is_folder, source=requirement)
    if gitlab:
        files += list_gitlab_files(path, is_folder=is_folder, source=requirement, pipeline=_gitlab_pipeline(root))
    kept = tuple(file for file in files if (root / file.path).exists())
    platforms = tuple(name for name, is_chosen in (("github", github), ("gitlab", gitlab)) if is_chosen)
    return PipelinePlan(root, platforms, tuple(file for file in files if file not in kept), kept)


def write_pipelines(plan: PipelinePlan) -> None:
    """Write the new files; raises PurgemapError if one can't be written."""
    for file in plan.new_files:
        write_new_file(plan.root / file.path, file.text)


def show_pipelines(plan: PipelinePlan, console: Console) -> None:
    """Print each file with its purpose, and what a person has to do."""
    for file in plan.new_files:
        console.print(f"[bold]{escape(_shown_path(plan.root / file.path))}[/]  {escape(file.purpose)}")
    for file in plan.kept_files:
        console.print(f"[bold]{escape(_shown_path(plan.root / file.path))}[/]  exists and is kept")
    if plan.needs_include:
        console.print(f"add to {GITLAB_PIPELINE}:")
        console.print(f"  include: [{{local: {INCLUDED_GITLAB_PIPELINE}}}]", markup=False)
    console.print(_VARIABLES)


def _find_root() -> Path:
    """Return the root of the Git repository, where the platforms look for pipelines; else the current folder."""
    folder = Path.cwd()
    return next((parent for parent in (folder, *folder.parents) if (parent / ".git").exists()), folder)


def _gitlab_pipeline(root: Path) -> str:
    """Return the name for GitLab's pipeline: another one than GitLab reads if a person wrote that one."""
    existing = root / GITLAB_PIPELINE
    return INCLUDED_GITLAB_PIPELINE if existing.exists() and not is_own_pipeline(existing) else GITLAB_PIPELINE


def _shown_path(path: Path) -> str:
    return os.path.relpath(path)
