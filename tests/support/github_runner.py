"""Run the jobs of a GitHub workflow as its runner does, with stand-ins for what needs the internet.

Scripts, composite actions, expressions, outputs and paths work as documented. Actions of other repositories are not
run: a checkout copies a folder, and the one for credentials exports those of the embedded AWS. `pip` is replaced on
PATH: see `install_stand_ins`.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from support.pipeline_stand_ins import install_stand_ins

# https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstepsshell
_SHELLS = {"": ["bash", "-e"], "bash": ["bash", "--noprofile", "--norc", "-eo", "pipefail"]}
_EXPRESSION = re.compile(r"\$\{\{ (.+?) \}\}")

Context = dict[str, Any]


@dataclass
class GitHubJob:
    """What a job printed and returned; `failed_step` is empty if it succeeded."""

    log: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    failed_step: str = ""


class GitHubRunner:
    """A runner with a fresh workspace, an empty home, and the variables that it sets."""

    def __init__(self, folder: Path, workspace: Path, contexts: Mapping[str, Any], **environment: str) -> None:
        self.workspace = workspace
        self.base = folder / "base"
        self.temp, home = folder / "temp", folder / "home"
        for path in (self.temp, home, self.base):
            path.mkdir(parents=True)
        self.stand_ins = install_stand_ins(folder / "stand-ins")
        self.contexts: Context = {"runner": {"temp": str(self.temp), "os": "Linux", "arch": "X64"}, **contexts}
        self.credentials: dict[str, str] = {}
        self.used: list[tuple[str, Context]] = []
        self._paths: list[str] = []
        self._environment = {
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_STEP_SUMMARY": str(self.temp / "summary.md"),
            "GITHUB_WORKSPACE": str(workspace),
            "HOME": str(home),
            "LC_ALL": "C.UTF-8",
            "RUNNER_TEMP": str(self.temp),
            **environment,
        }

    def run_job(self, workflow: Path, name: str) -> GitHubJob:
        document = load(workflow)
        job = document["jobs"][name]
        contexts = {**self.contexts, "env": document.get("env", {}), "steps": {}}
        done = GitHubJob()
        assert "if" not in job or _is_true(job["if"], contexts), f"the job {name} does not run"
        for step in job["steps"]:
            if not self._run_step(step, contexts, done, dict(contexts["env"])):
                return done
        done.outputs = {key: _fill(text, contexts) for key, text in job.get("outputs", {}).items()}
        return done

    def summary(self) -> str:
        return (self.temp / "summary.md").read_text()

    def _run_step(self, step: Context, contexts: Context, done: GitHubJob, environment: dict[str, str]) -> bool:
        if "if" in step and not _is_true(step["if"], contexts):
            return True
        if "run" in step:
            environment |= {key: _fill(text, contexts) for key, text in step.get("env", {}).items()}
            outputs, is_fine = self._run_script(step, environment, done)
            contexts["steps"][step.get("id", "")] = {"outputs": outputs}
        else:
            inputs = {key: _fill(text, contexts) for key, text in step.get("with", {}).items()}
            is_fine = self._use(step["uses"], inputs, done, environment)
        if not is_fine:
            done.failed_step = done.failed_step or str(step.get("name") or step["uses"])
        return is_fine

    def _use(self, action: str, inputs: dict[str, str], done: GitHubJob, environment: dict[str, str]) -> bool:
        name = action.partition("@")[0]
        self.used.append((name, inputs))
        if action.startswith("./"):
            return self.run_action(self.workspace / action, inputs, done, environment)
        if name == "actions/checkout" and "path" in inputs:
            shutil.copytree(self.base, self.workspace / inputs["path"])
        elif name == "aws-actions/configure-aws-credentials":
            self._environment |= {**self.credentials, "AWS_REGION": inputs["aws-region"]}
            self._environment["AWS_DEFAULT_REGION"] = inputs["aws-region"]
        return True

    def run_action(
        self, folder: Path, inputs: dict[str, str], done: GitHubJob, environment: dict[str, str] | None = None
    ) -> bool:
        """Run a composite action; its steps have outputs of their own, and no variables of the workflow's."""
        action = load(next(folder.glob("action.y*ml")))
        assert inputs.keys() <= action["inputs"].keys()
        defaults = {key: declared["default"] for key, declared in action["inputs"].items()}
        contexts = {**self.contexts, "inputs": {**defaults, **inputs}, "steps": {}}
        own = {**(environment or {}), "GITHUB_ACTION_PATH": str(folder)}
        return all(self._run_step(step, contexts, done, dict(own)) for step in action["runs"]["steps"])

    def _run_script(self, step: Context, environment: dict[str, str], done: GitHubJob) -> tuple[dict[str, str], bool]:
        script, outputs, paths = (self.temp / name for name in ("script.sh", "outputs", "paths"))
        script.write_text(step["run"])
        outputs.write_text("")
        paths.write_text("")
        files = {"GITHUB_OUTPUT": str(outputs), "GITHUB_PATH": str(paths)}
        path = os.pathsep.join([*reversed(self._paths), str(self.stand_ins.folder), os.defpath])
        run = subprocess.run(
            [*_SHELLS[step.get("shell", "")], str(script)],
            cwd=self.workspace,
            env={**self._environment, **files, "PATH": path, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        done.log += run.stdout
        self._paths += paths.read_text().splitlines()
        return parse_outputs(outputs.read_text()), run.returncode == 0


def load(file: Path) -> Context:
    # BaseLoader: YAML 1.1 would read the key `on` as true.
    document: Context = yaml.load(file.read_text(), yaml.BaseLoader)
    return document


def parse_outputs(text: str) -> dict[str, str]:
    """Parse a file of GITHUB_OUTPUT: `name=value`, or `name<<end`, lines, `end`."""
    outputs, lines = {}, text.splitlines()
    while lines:
        name, mark, value = re.split("(<<|=)", lines.pop(0), maxsplit=1)
        if mark == "<<":
            end = lines.index(value)
            value, lines = "\n".join(lines[:end]), lines[end + 1 :]
        outputs[name] = value
    return outputs


def _fill(text: str, contexts: Context) -> str:
    return _EXPRESSION.sub(lambda match: str(_value(match[1], contexts)), text)


def _is_true(condition: str, contexts: Context) -> bool:
    """Evaluate comparisons that are joined by &&."""
    for comparison in condition.split(" && "):
        left, operator, right = re.split(" (==|!=) ", comparison)
        if (_value(left, contexts) == _value(right, contexts)) != (operator == "=="):
            return False
    return True


def _value(name: str, contexts: Context) -> Any:
    """Look up a literal or a context's property; a misspelt one is a KeyError; only `vars` may lack one."""
    if name.startswith("'"):
        return name.strip("'")
    value: Any = contexts
    parts = name.split(".")
    for part in parts:
        value = value.get(part, "") if parts[0] == "vars" and part != "vars" else value[part]
    return value
