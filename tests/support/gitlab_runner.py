"""Run the script of a job of a GitLab pipeline as its runner does, with stand-ins for what needs the internet."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import yaml

from support.pipeline_stand_ins import install_stand_ins

_VARIABLE = re.compile(r"\$(\w+)")


class GitLabRunner:
    """A runner with a checkout of a project, an empty home, and the variables that it sets."""

    def __init__(self, folder: Path, project: Path, **variables: str) -> None:
        self.project = project
        home = folder / "home"
        home.mkdir(parents=True)
        self.stand_ins = install_stand_ins(folder / "stand-ins")
        self._variables = {
            "CI": "true",
            "GITLAB_CI": "true",
            "CI_PROJECT_DIR": str(project),
            "HOME": str(home),
            "LC_ALL": "C.UTF-8",
            "TMPDIR": str(folder),
            **variables,
        }

    def run_job(self, pipeline: Path, name: str) -> tuple[int, str]:
        """Run a job's script, and return its exit code and what it printed."""
        document = yaml.safe_load((self.project / pipeline).read_text())
        job: dict[str, Any] = {**document[document[name]["extends"]], **document[name]}
        script = "\n".join([*job["before_script"], *job["script"]])
        path = os.pathsep.join([str(self.stand_ins.folder), os.defpath])
        # The variables of a job may contain those of the project.
        variables = {
            key: _VARIABLE.sub(lambda match: self._variables[match[1]], text) for key, text in job["variables"].items()
        }
        run = subprocess.run(
            ["sh", "-e"],
            input=script,
            cwd=self.project,
            env={**self._variables, **variables, "PATH": path},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return run.returncode, run.stdout
