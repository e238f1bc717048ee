"""The commands of deploy/README.md that deploy something, with the AWS CLI and without, run as they are."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from purgemap.demo.local_aws import LocalAws, start_local_aws
from support.aws_cli import EXECUTABLE, needs_aws_cli
from support.deployed import Deployed, messages_waiting, put, run_deploy
from support.documents import read_document

BLOCKS = re.findall(r"<!-- deployed -->\n```console\n(.*?)```", read_document("deploy/README.md"), re.DOTALL)
BY_AWS_CLI = next(block for block in BLOCKS if "$ aws s3 cp" in block)
BUCKET = "acme-artifacts"
MAP = """\
version: 1
distributions:
  www: {id: E2EXAMPLE1ABCD}
  docs: {id: E3EXAMPLE2ABCD, role_arn: "arn:aws:iam::222222222222:role/purgemap"}
routes:
  - {bucket: acme-www, distributions: [www, docs]}
"""

pytestmark = needs_aws_cli


@pytest.fixture
def aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalAws]:
    """Run an AWS with a site and a bucket for artifacts, in a folder that looks like the repository."""
    monkeypatch.chdir(tmp_path)
    for file, text in {
        "config/routes.yaml": MAP,
        ".github/purgemap/role.yaml": files("purgemap.deploy").joinpath("github/role.yaml").read_text(),
    }.items():
        Path(file).parent.mkdir(parents=True)
        Path(file).write_text(text)
    with start_local_aws() as running:
        running.create_site_bucket("acme-www")
        running.client("s3").create_bucket(Bucket=BUCKET)
        yield running


def run_block(aws: LocalAws, block: str) -> str:
    """Run a block of commands in a shell that stops at the first failure."""
    script = "set -euo pipefail\n" + re.sub(r"^\$ ", "", block, flags=re.MULTILINE)
    path = os.pathsep.join([str(Path(sys.executable).parent), str(EXECUTABLE.parent), os.environ["PATH"]])
    environment = {**os.environ, **aws.environment, "PATH": path, "LC_ALL": "C.UTF-8"}
    done = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_aws_cli_deploys_a_stack_that_purgemap_deploy_updates(aws: LocalAws) -> None:
    assert len(re.findall(r"^\$ aws ", BY_AWS_CLI, re.MULTILINE)) == 3
    output = run_block(aws, BY_AWS_CLI)
    deployed = Deployed(aws)
    assert deployed.outputs["QueueUrl"] in output
    put(aws, "acme-www", "index.html")
    assert messages_waiting(aws, deployed.outputs["QueueUrl"]) == 1
    assert "no changes" in run_deploy("--artifact-bucket", BUCKET, "--no-listing")


def test_documented_commands_deploy_every_stack(aws: LocalAws) -> None:
    for block in BLOCKS:
        run_block(aws, block)
    stacks = aws.client("cloudformation").describe_stacks()["Stacks"]
    assert {stack["StackName"]: stack["StackStatus"] for stack in stacks} == {
        "purgemap": "UPDATE_COMPLETE",
        "purgemap-member": "CREATE_COMPLETE",
        "purgemap-github": "CREATE_COMPLETE",
    }
    deployed = Deployed(aws)
    assert deployed.mapping["MaximumBatchingWindowInSeconds"] == 20
    assert "222222222222" in deployed.parameters["CentralBusAccounts"]
    events, bus = aws.client("events"), "arn:aws:events:us-east-1:111111111111:event-bus/default"
    (name,) = events.list_rule_names_by_target(TargetArn=bus)["RuleNames"]
    (member,) = (stack["StackId"] for stack in stacks if stack["StackName"] == "purgemap-member")
    assert name.startswith(f"purgemap-{member.split('/')[2]}-"), "as its dead-letter queue's policy says"
    assert "acme-www" in events.describe_rule(Name=name)["EventPattern"]
