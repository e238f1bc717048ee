"""The way of a newcomer without an account: the commands of deploy/README.md beside `purgemap demo --keep`."""

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import boto3
import pytest

from support.aws_cli import EXECUTABLE, needs_aws_cli
from support.documents import section

TEXT = section("deploy/README.md", "## Try it without an account")
DEPLOY, EDIT = (
    re.findall(r"^\$ (.+)$", block, re.MULTILINE)
    for block in re.findall(r"<!-- newcomer: \w+ -->\n```console\n(.*?)```", TEXT, re.DOTALL)
)
DOCS = "E2DEMO4DOCS5CD"
PURGEMAP = Path(sys.executable).with_name("purgemap")

pytestmark = needs_aws_cli


class KeptDemo:
    """A running `purgemap demo --keep`, and the variables that it printed."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        assert process.stdout is not None
        self._lines = iter(process.stdout.readline, "")
        exported = self.read_until("  export ").splitlines()[-1]
        self.variables = dict(assignment.split("=", 1) for assignment in shlex.split(exported)[1:])

    def read_until(self, text: str) -> str:
        """Read what the demo prints, up to the line with this text."""
        lines = []
        for line in self._lines:
            lines.append(line)
            if text in line:
                return "".join(lines)
        raise AssertionError(f"the demo ended without {text!r}: {''.join(lines)}")

    def interrupt(self) -> int:
        """Press Ctrl-C; returns the exit code."""
        self._process.send_signal(signal.SIGINT)
        return self._process.wait()


@pytest.fixture
def demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[KeptDemo]:
    """Run the demo, and make an empty folder the current one."""
    monkeypatch.chdir(tmp_path)
    with subprocess.Popen([PURGEMAP, "demo", "--keep"], stdout=subprocess.PIPE, text=True) as process:
        try:
            yield KeptDemo(process)
        finally:
            process.kill()


def run(command: str, variables: Mapping[str, str]) -> str:
    """Run a command of the document in a shell of its own, as a person would; returns its output."""
    path = os.pathsep.join([str(PURGEMAP.parent), str(EXECUTABLE.parent), os.environ["PATH"]])
    # Nothing but the printed variables may lead to the embedded AWS.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        env={**environment, **variables, "PATH": path, "LC_ALL": "C.UTF-8"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"$ {command}\n{done.stdout}"
    return done.stdout


def invalidations(variables: Mapping[str, str]) -> list[list[str]]:
    """Read the items of each invalidation of the second site, oldest first."""
    cloudfront = boto3.client(
        "cloudfront",
        endpoint_url=variables["AWS_ENDPOINT_URL"],
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
    )
    summaries = cloudfront.list_invalidations(DistributionId=DOCS)["InvalidationList"].get("Items", [])
    answers = [cloudfront.get_invalidation(DistributionId=DOCS, Id=summary["Id"]) for summary in reversed(summaries)]
    return [sorted(answer["Invalidation"]["InvalidationBatch"]["Paths"]["Items"]) for answer in answers]


def edit_map() -> None:
    """Write the line of the document into the map."""
    file = Path("config/routes.yaml")
    (new_line,) = re.findall(r"`(docs\.example\.com: [^`]+)`", TEXT)
    text, count = re.subn(r"docs\.example\.com: .+", new_line, file.read_text())
    assert count == 1
    file.write_text(text)


def test_newcomer_deploys_edits_and_purges_without_account(demo: KeptDemo) -> None:
    outputs = {command: run(command, demo.variables) for command in DEPLOY}
    assert outputs["purgemap doctor"] == "2 distributions, 2 buckets, 1 stack: fine\n"
    assert invalidations(demo.variables) == [["/", "/index.html"], ["/", "/*"]]
    demo.read_until("Your service is deployed")
    demo.read_until("/  /*")
    edit_map()
    (explain, deploy, upload, destroy) = EDIT
    assert run(explain, demo.variables).endswith("  /guide\n  /guide/\n  /guide/index.html\n")
    run(deploy, demo.variables)
    # Otherwise the batch of the refresh may take the page, too, and its wildcard covers it.
    demo.read_until("/  /*")
    run(upload, demo.variables)
    assert invalidations(demo.variables)[2:] == [["/", "/*"], ["/guide", "/guide/", "/guide/index.html"]]
    demo.read_until("/guide  /guide/  /guide/index.html")
    run(destroy, demo.variables)
    demo.read_until("Your service is gone")
    assert demo.interrupt() == 0
