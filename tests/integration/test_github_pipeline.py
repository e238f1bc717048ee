"""The workflows that `purgemap init --github` writes: each of their steps, run as a runner does, in a fresh repository.

What needs the internet is replaced by stand-ins: pip, gh, and the actions of other repositories.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from purgemap.cli.init import init
from purgemap.demo.local_aws import LocalAws
from support.commands import invoke
from support.deployed import Deployed
from support.github_runner import GitHubJob, GitHubRunner
from support.pipeline_aws import BUCKET, SITE, pipeline_aws, role_variables

CHECK, DEPLOY = (Path(f".github/workflows/purgemap-{name}.yaml") for name in ("check", "deploy"))
MAP = Path("config/routes.yaml")
VALID = f"version: 1\nroutes:\n  - {{bucket: {BUCKET}, distributions: [{SITE}]}}\n"
BROKEN = f"version: 1\nroutes:\n  - bucket: {BUCKET}\n    prefx: blog/\n    distributions: [{SITE}]\n"
GITHUB = {
    "repository": "acme/sites",
    "ref": "refs/heads/trunk",
    "ref_name": "trunk",
    "ref_type": "branch",
    "run_id": "7",
    "token": "a-token",
    "event": {
        "repository": {"default_branch": "trunk"},
        "pull_request": {"number": 17, "base": {"sha": "0" * 40}, "head": {"repo": {"full_name": "acme/sites"}}},
    },
}
# A GitHub client that lists the comments of OWN_COMMENT, and records how a comment is written.
GH = """\
#!/bin/sh
case "$*" in
  *--paginate*) echo "$OWN_COMMENT" ;;
  *) echo "$*" > called; cat > body ;;
esac
"""


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write a map and its workflows into a fresh repository."""
    folder = tmp_path / "sites"
    (folder / ".git").mkdir(parents=True)
    monkeypatch.chdir(folder)
    MAP.parent.mkdir()
    MAP.write_text(VALID)
    assert invoke(init, "--github", "--source", "0.1.0").return_value == 0
    return folder


@pytest.fixture
def runner(repository: Path, tmp_path: Path) -> GitHubRunner:
    return GitHubRunner(tmp_path / "runner", repository, {"github": GITHUB})


def base_map(runner: GitHubRunner, text: str) -> None:
    (runner.base / MAP).parent.mkdir(exist_ok=True)
    (runner.base / MAP).write_text(text)


def test_github_check_comments_on_a_first_map(runner: GitHubRunner) -> None:
    job = runner.run_job(CHECK, "check")
    assert job.failed_step == "", job.log
    comment = job.outputs["comment"]
    assert comment.startswith("<!-- purgemap diff -->\n```mermaid\nflowchart LR\n")
    assert f"| added | site | `{BUCKET} → {SITE}` |" in comment
    assert runner.summary().strip() == comment.strip()


def test_github_check_compares_with_the_base(runner: GitHubRunner) -> None:
    base_map(runner, VALID)
    job = runner.run_job(CHECK, "check")
    assert job.outputs["comment"].strip() == "<!-- purgemap diff -->\nNothing changes in service."


def test_github_check_annotates_the_broken_line(runner: GitHubRunner) -> None:
    MAP.write_text(BROKEN)
    job = runner.run_job(CHECK, "check")
    assert job.failed_step == "Run the command"
    assert job.log.splitlines()[-1] == (
        f'::error file={MAP},line=4,col=5::$.routes[0].prefx: unknown key "prefx"; did you mean "prefix"?'
    )


def test_github_check_passes_the_repair_of_a_broken_base(runner: GitHubRunner) -> None:
    base_map(runner, BROKEN)
    job = runner.run_job(CHECK, "check")
    assert job.failed_step == "", job.log
    assert job.outputs["comment"].splitlines()[1].startswith("The map of the base branch is invalid")


def test_github_check_installs_with_hashes(runner: GitHubRunner) -> None:
    runner.run_job(CHECK, "check")
    dependencies, purgemap = runner.stand_ins.pip_calls
    assert "--require-hashes --only-binary :all:" in dependencies
    assert "--no-deps --no-build-isolation" in purgemap
    (*locked, source) = runner.stand_ins.requirements
    assert source == "purgemap==0.1.0"
    assert sum("==" in line for line in locked) >= 8
    assert all("==" in line or "--hash=sha256:" in line for line in locked)


def test_github_action_installs_once_in_a_job(runner: GitHubRunner) -> None:
    action, job = runner.workspace / ".github/actions/purgemap", GitHubJob()
    assert runner.run_action(action, {"command": ""}, job)
    assert runner.run_action(action, {"args": "--format=json\n"}, job)
    assert json.loads(job.log)["valid"]
    assert len(runner.stand_ins.pip_calls) == 2


def test_github_action_passes_arguments_without_a_shell(runner: GitHubRunner) -> None:
    job = GitHubJob()
    inputs = {"command": "explain", "routes": f"{MAP}\n", "args": f"s3://{BUCKET}/a b$(touch injected).html\n--json\n"}
    assert runner.run_action(runner.workspace / ".github/actions/purgemap", inputs, job)
    assert json.loads(job.log)["object"]["key"] == "a b$(touch injected).html"
    assert not (runner.workspace / "injected").exists()


@pytest.mark.parametrize(
    ("version", "requirement"),
    [("0.2.0", "purgemap==0.2.0"), ("purgemap @ git+https://x.test/p@" + "a" * 40, None), ("", "FOLDER")],
)
def test_github_action_installs_the_version_of_its_input(
    runner: GitHubRunner, tmp_path: Path, version: str, requirement: str | None
) -> None:
    folder = tmp_path / "checkout"
    (folder / "deploy").mkdir(parents=True)  # as in the repository of purgemap itself
    for name in ("action.yaml", "requirements.lock"):
        shutil.copy(runner.workspace / ".github/actions/purgemap" / name, folder)
    (folder / "requirements.lock").rename(folder / "deploy/requirements.lock")
    (folder / "requirements.lock").write_text("moto==5\n")
    assert runner.run_action(folder, {"version": version}, GitHubJob())
    *locked, source = runner.stand_ins.requirements
    assert source == (str(folder) if requirement == "FOLDER" else requirement or version)
    assert not any(line.startswith("moto") for line in locked)


@pytest.mark.parametrize(
    ("own", "call"),
    [
        ("", "api repos/acme/sites/issues/17/comments --field body=@-"),
        ("5", "api --method PATCH repos/acme/sites/issues/comments/5 --field body=@-"),
    ],
)
def test_github_comment_is_created_once_then_updated(runner: GitHubRunner, own: str, call: str) -> None:
    runner.stand_ins.add("gh", GH.replace("$OWN_COMMENT", own))
    runner.contexts["needs"] = {"check": {"outputs": {"comment": "`$(date)` ${{ github.token }}"}}}
    assert runner.run_job(CHECK, "comment").failed_step == ""
    written = ((runner.workspace / "called").read_text(), (runner.workspace / "body").read_text())
    assert written == (f"{call}\n", "`$(date)` ${{ github.token }}\n")


@pytest.fixture
def aws() -> Iterator[LocalAws]:
    with pipeline_aws() as running:
        yield running


def test_github_deploys_after_a_merge(aws: LocalAws, repository: Path, tmp_path: Path) -> None:
    variables = role_variables(aws, repository / ".github/purgemap/role.yaml", Repository="acme/sites", Branch="trunk")
    contexts = {"github": GITHUB, "vars": {**variables, "AWS_REGION": aws.environment["AWS_DEFAULT_REGION"]}}
    runner = GitHubRunner(tmp_path / "runner", repository, contexts, AWS_ENDPOINT_URL=aws.endpoint_url)
    runner.credentials = {name: aws.environment[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
    job = runner.run_job(DEPLOY, "deploy")
    assert job.failed_step == "", job.log
    assert job.log.endswith("1 distribution, 1 bucket, 1 stack: fine\n")
    parameters = Deployed(aws).parameters
    assert parameters["PermissionsBoundary"] == variables["PURGEMAP_PERMISSIONS_BOUNDARY"]
    assert parameters["CodeBucket"] == variables["PURGEMAP_ARTIFACT_BUCKET"]
    used = dict(runner.used)
    assert used["aws-actions/configure-aws-credentials"]["role-to-assume"] == variables["PURGEMAP_ROLE_ARN"]


def test_github_deploy_names_missing_variables(repository: Path, tmp_path: Path) -> None:
    contexts = {"github": GITHUB, "vars": {"AWS_REGION": "eu-west-1", "PURGEMAP_ROLE_ARN": "arn:aws:iam::1:role/x"}}
    job = GitHubRunner(tmp_path / "runner", repository, contexts).run_job(DEPLOY, "deploy")
    assert job.failed_step == "Require the repository's variables"
    named = [line.split()[3] for line in job.log.splitlines()]
    assert named == ["PURGEMAP_ARTIFACT_BUCKET", "PURGEMAP_PERMISSIONS_BOUNDARY"]
