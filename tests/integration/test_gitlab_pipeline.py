"""The pipeline that `purgemap init --gitlab` writes: each of its jobs, run as a runner does, in a fresh project.

pip is replaced by a stand-in, because it needs the internet; GitLab's API by a server on loopback.
"""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from purgemap.cli.init import init
from purgemap.demo.local_aws import LocalAws
from support.commands import invoke
from support.deployed import Deployed
from support.gitlab_notes import OWN_USER, TOKEN, GitLabNotes, serve_notes
from support.gitlab_runner import GitLabRunner
from support.pipeline_aws import BUCKET, SITE, pipeline_aws, role_variables

PIPELINE, MAP = Path(".gitlab-ci.yml"), Path("config/routes.yaml")
VALID = f"version: 1\nroutes:\n  - {{bucket: {BUCKET}, distributions: [{SITE}]}}\n"
BROKEN = f"version: 1\nroutes:\n  - bucket: {BUCKET}\n    prefx: blog/\n    distributions: [{SITE}]\n"
WIDER = VALID + f"  - {{bucket: acme-blog, distributions: [{SITE}]}}\n"


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Create a project with a map and its pipeline, in a shallow clone as the runner makes it."""
    origin, project = tmp_path / "origin", tmp_path / "sites"
    origin.mkdir()
    git(origin, "init", "--quiet", "--initial-branch", "main")
    git(origin, "config", "uploadpack.allowAnySHA1InWant", "true")  # as GitLab's own repositories do
    monkeypatch.chdir(origin)
    assert invoke(init, "--gitlab", "--source", "0.1.0").return_value == 0
    commit(origin, VALID)
    commit(origin, WIDER)
    git(tmp_path, "clone", "--quiet", "--depth", "1", origin.as_uri(), str(project))
    monkeypatch.chdir(project)
    return project


def commit(origin: Path, text: str) -> None:
    (origin / MAP).write_text(text)
    git(origin, "add", "--all")
    git(origin, "commit", "--quiet", "--message", "the map")


@pytest.fixture
def runner(project: Path, tmp_path: Path) -> GitLabRunner:
    base = git(tmp_path / "origin", "rev-parse", "HEAD~1")
    return GitLabRunner(tmp_path / "runner", project, CI_MERGE_REQUEST_DIFF_BASE_SHA=base)


def report(project: Path) -> list[dict[str, object]]:
    problems: list[dict[str, object]] = json.loads((project / "gl-code-quality-report.json").read_text())
    return problems


def test_gitlab_check_reports_a_valid_map(runner: GitLabRunner, project: Path) -> None:
    status, log = runner.run_job(PIPELINE, "purgemap check")
    assert (status, report(project)) == (0, []), log


def test_gitlab_check_reports_the_broken_line(runner: GitLabRunner, project: Path) -> None:
    MAP.write_text(BROKEN)
    status, log = runner.run_job(PIPELINE, "purgemap check")
    (problem,) = report(project)
    assert (status, problem["location"]) == (1, {"path": str(MAP), "lines": {"begin": 4}})
    assert f"{MAP}:4:5: $.routes[0].prefx: unknown key" in log, "also where people look first"


def test_gitlab_job_installs_with_hashes(runner: GitLabRunner) -> None:
    runner.run_job(PIPELINE, "purgemap check")
    dependencies, purgemap = runner.stand_ins.pip_calls
    assert "--require-hashes --only-binary :all:" in dependencies
    assert "--no-deps --no-build-isolation" in purgemap
    assert runner.stand_ins.requirements[-1] == "purgemap==0.1.0"


def test_gitlab_diff_compares_with_the_base(runner: GitLabRunner, project: Path) -> None:
    status, log = runner.run_job(PIPELINE, "purgemap diff")
    assert status == 0, log
    text = (project / "purgemap-diff.md").read_text()
    assert text.startswith("<!-- purgemap diff -->\n```mermaid\n")
    assert [line for line in text.splitlines() if "| site |" in line] == [f"| added | site | `acme-blog → {SITE}` |"]


@pytest.fixture
def notes() -> Iterator[GitLabNotes]:
    with serve_notes() as server:
        yield server


def test_gitlab_note_is_created_once_then_updated(
    runner: GitLabRunner, project: Path, tmp_path: Path, notes: GitLabNotes
) -> None:
    marker = "<!-- purgemap diff -->"
    for number in range(100):  # a first page of others' comments
        notes.add(f"{marker} {number}" if number % 2 else "fine", OWN_USER + 1)
    variables = {"CI_API_V4_URL": notes.url, "CI_PROJECT_ID": "12", "CI_MERGE_REQUEST_IID": "3"}
    base = git(tmp_path / "origin", "rev-parse", "HEAD~1")
    runner = GitLabRunner(
        tmp_path / "other", project, CI_MERGE_REQUEST_DIFF_BASE_SHA=base, PURGEMAP_GITLAB_TOKEN=TOKEN, **variables
    )
    bodies = []
    for text in (WIDER, VALID):
        MAP.write_text(text)
        status, log = runner.run_job(PIPELINE, "purgemap diff")
        assert status == 0, log
        (own,) = (note["body"] for note in notes.notes if note["author"]["id"] == OWN_USER)
        bodies.append(own)
    assert "acme-blog" in bodies[0]
    assert bodies[1] == f"{marker}\nNothing changes in service.\n"
    assert len(notes.notes) == 101


@pytest.fixture
def aws() -> Iterator[LocalAws]:
    with pipeline_aws() as running:
        yield running


def test_gitlab_deploys_after_a_merge(aws: LocalAws, project: Path, tmp_path: Path) -> None:
    MAP.write_text(VALID)
    variables = role_variables(aws, project / ".gitlab/purgemap/role.yaml", GitLabProject="acme/web/sites")
    runner = GitLabRunner(
        tmp_path / "runner",
        project,
        AWS_ENDPOINT_URL=aws.endpoint_url,
        AWS_DEFAULT_REGION=aws.environment["AWS_DEFAULT_REGION"],
        CI_PIPELINE_ID="5",
        PURGEMAP_ID_TOKEN="a.b.c",  # the job has no other credentials
        **variables,
    )
    status, log = runner.run_job(PIPELINE, "purgemap deploy")
    assert status == 0, log
    assert log.endswith("1 distribution, 1 bucket, 1 stack: fine\n")
    parameters = Deployed(aws).parameters
    assert parameters["PermissionsBoundary"] == variables["PURGEMAP_PERMISSIONS_BOUNDARY"]
    assert parameters["CodeBucket"] == variables["PURGEMAP_ARTIFACT_BUCKET"]


def test_gitlab_deploy_names_missing_variables(project: Path, tmp_path: Path) -> None:
    runner = GitLabRunner(tmp_path / "runner", project, AWS_DEFAULT_REGION="eu-west-1", PURGEMAP_ROLE_ARN="arn")
    status, log = runner.run_job(PIPELINE, "purgemap deploy")
    assert status == 1
    named = [line.split()[4].strip(";") for line in log.splitlines()]
    assert named == ["PURGEMAP_ARTIFACT_BUCKET", "PURGEMAP_PERMISSIONS_BOUNDARY"]
