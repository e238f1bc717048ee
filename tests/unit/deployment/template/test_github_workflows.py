"""The workflow examples: pinned actions, few permissions, and scripts that run as in GitHub."""

import os
import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml

FOLDER = files("purgemap.deploy") / "github"
WORKFLOWS = {name: FOLDER.joinpath(name).read_text() for name in ("pull-request.yaml", "deploy.yaml")}

PINNED = re.compile(r"uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")


def workflow(name: str) -> dict[str, Any]:
    # BaseLoader: YAML 1.1 would read the key `on` as true.
    loaded: dict[str, Any] = yaml.load(WORKFLOWS[name], yaml.BaseLoader)
    return loaded


@pytest.mark.parametrize("text", WORKFLOWS.values(), ids=WORKFLOWS)
def test_workflow_pins_every_action_to_a_commit(text: str) -> None:
    used = [line for line in text.splitlines() if "uses:" in line]
    assert used
    assert all(PINNED.search(line) for line in used)


@pytest.mark.parametrize("name", WORKFLOWS)
def test_workflow_jobs_have_only_the_permissions_they_name(name: str) -> None:
    jobs = workflow(name)["jobs"]
    assert workflow(name)["permissions"] == {}
    assert all(job["permissions"] for job in jobs.values())
    writable = {
        "pull-request.yaml": {"check": set(), "comment": {"pull-requests"}},
        "deploy.yaml": {"deploy": {"id-token"}},
    }
    for key, job in jobs.items():
        assert {scope for scope, access in job["permissions"].items() if access == "write"} == writable[name][key]
    assert jobs.keys() == writable[name].keys()


def test_pull_request_code_never_gets_a_token_that_writes() -> None:
    request = workflow("pull-request.yaml")
    assert request["on"].keys() == {"pull_request"}, "pull_request_target would run it with the base's permissions"
    assert all("uses" not in step for step in request["jobs"]["comment"]["steps"]), "no checkout, nothing installed"


@pytest.mark.parametrize("text", WORKFLOWS.values(), ids=WORKFLOWS)
def test_workflow_scripts_hold_no_expression(text: str) -> None:
    scripts = [step["run"] for job in yaml.safe_load(text)["jobs"].values() for step in job["steps"] if "run" in step]
    assert scripts
    assert not [script for script in scripts if "${{" in script], "others' texts must come from the environment"


def run_step(job: str, step: str, folder: Path, **environment: str) -> None:
    """Run a script of pull-request.yaml as a runner does, in a folder with its inputs."""
    steps = workflow("pull-request.yaml")["jobs"][job]["steps"]
    (script,) = [candidate["run"] for candidate in steps if candidate.get("name", "").startswith(step)]
    path = os.pathsep.join([str(folder), str(Path(sys.executable).parent), os.environ["PATH"]])
    runner_files = {name: str(folder / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    runner = {**os.environ, **runner_files, "RUNNER_TEMP": str(folder), "PATH": path, **environment}
    subprocess.run(["bash", "-e", "-c", script], cwd=folder, env=runner, check=True)


def test_pull_request_shows_the_diff_of_a_first_map(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    text = "version: 1\nroutes:\n  - {bucket: acme-www, distributions: [E2EXAMPLE1ABCD]}\n"
    (tmp_path / "config/routes.yaml").write_text(text)
    run_step("check", "Show what it changes", tmp_path)
    output = (tmp_path / "GITHUB_OUTPUT").read_text()
    assert re.fullmatch(r"comment<<(end-\w{32})\n<!-- purgemap diff -->\n.+\n\1\n", output, re.DOTALL)
    assert "| added | site | `acme-www → E2EXAMPLE1ABCD` |" in output


# A GitHub client that lists the comments of OWN_COMMENT, and records how a comment is written.
GH = """\
#!/bin/sh
case "$*" in
  *--paginate*) echo "$OWN_COMMENT" ;;
  *) echo "$*" > called; cat > body ;;
esac
"""


@pytest.mark.parametrize(
    ("own", "call"),
    [("", "api comments --field body=@-"), ("17", "api --method PATCH one/17 --field body=@-")],
)
def test_pull_request_comment_is_created_once_then_updated(tmp_path: Path, own: str, call: str) -> None:
    (tmp_path / "gh").write_text(GH)
    (tmp_path / "gh").chmod(0o755)
    run_step("comment", "Comment", tmp_path, COMMENT="diff", COMMENTS="comments", ONE_COMMENT="one", OWN_COMMENT=own)
    assert ((tmp_path / "called").read_text(), (tmp_path / "body").read_text()) == (f"{call}\n", "diff\n")


def test_workflow_installs_from_the_lock_file() -> None:
    for text in WORKFLOWS.values():
        installs = re.findall("pip install .*", text)
        assert installs == [
            "pip install --require-hashes --requirement requirements.lock",
            "pip install --no-deps --no-build-isolation .",
        ]
