"""The five commands of the documents, from an account with distributions to a service that invalidates them."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from purgemap.demo.local_aws import LocalAws, start_local_aws
from purgemap.demo.moto_patches.cloudfront import rename_distribution
from support.aws_cli import EXECUTABLE, needs_aws_cli
from support.deployed import Deployed
from support.distributions import Settings, behavior, distribution, origin
from support.documents import NAMES, read_document
from support.doubles.lambda_runtime import needs_lambda_runtime
from support.local_site import accepted_items

BLOCK = re.compile(r"<!-- five commands -->\n```console\n(.*?)```", re.DOTALL)
COMMANDS = [
    re.findall(r"^\$ (.+)$", block, re.MULTILINE) for name in NAMES for block in BLOCK.findall(read_document(name))
]

WWW, DOCS = "E1WWW111111111", "E2DOCS22222222"
ACCOUNT = "123456789012"
DISTRIBUTIONS: dict[str, Settings] = {
    WWW: distribution(
        [origin("acme-www"), origin("acme-assets", "/live", id_="assets")],
        [behavior("assets", "/assets/*"), behavior()],
        aliases=["www.example.com", "example.com"],
        Comment="the site",
    ),
    DOCS: distribution([origin("acme-docs")], aliases=["docs.example.com"]),
}

pytestmark = [needs_aws_cli, needs_lambda_runtime]


@pytest.fixture
def aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalAws]:
    """Run an account with distributions and their buckets, in a folder with one page."""
    monkeypatch.chdir(tmp_path)
    Path("index.html").write_text("new")
    with start_local_aws() as running:
        for bucket in ("acme-www", "acme-assets", "acme-docs"):
            running.client("s3").create_bucket(Bucket=bucket)
        cloudfront = running.client("cloudfront")
        for id_, config in DISTRIBUTIONS.items():
            answer = cloudfront.create_distribution(DistributionConfig=config)
            rename_distribution(account_id=ACCOUNT, old=answer["Distribution"]["Id"], new=id_)
        yield running


def start(aws: LocalAws, command: str) -> subprocess.Popen[str]:
    """Start a command in a shell, as a person would."""
    path = os.pathsep.join([str(Path(sys.executable).parent), str(EXECUTABLE.parent), os.environ["PATH"]])
    environment = {**os.environ, **aws.environment, "PATH": path, "LC_ALL": "C.UTF-8"}
    return subprocess.Popen(
        ["bash", "-o", "pipefail", "-c", command],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> str:
    output, _ = process.communicate()
    assert process.returncode == 0, output
    return output


def test_documents_have_the_five_commands() -> None:
    assert len(COMMANDS[0]) == 5
    assert all(commands == COMMANDS[0] for commands in COMMANDS), "other documents have the same"


def test_five_commands_lead_to_an_invalidation(aws: LocalAws, tmp_path: Path) -> None:
    (*setup, upload_and_wait) = COMMANDS[0]
    outputs = [finish(start(aws, command)) for command in setup]
    assert outputs[-1].endswith(": fine\n")
    with Deployed(aws).running(tmp_path / "function") as source:
        source.window_seconds = 1
        process = start(aws, upload_and_wait)
        while process.poll() is None:
            source.poll()
        finish(process)
    assert accepted_items(aws) == {WWW: [["/", "/index.html"]], DOCS: []}
