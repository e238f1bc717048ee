"""A real `aws s3 sync` into the embedded AWS, with the real handler behind the queue."""

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from purgemap.cli.plan import plan
from purgemap.demo.local_aws import LocalAws
from purgemap.demo.sqs_poller import EventSource
from purgemap.lambda_function import build_handler
from support.aws_cli import needs_aws_cli, run_aws
from support.ids import E1, E2

pytest_plugins = ["support.local_aws_fixtures"]

MAP = f"""
version: 1
routes:
  - {{bucket: my-site, distributions: [{E1}]}}
  - {{name: docs, bucket: my-site, prefix: docs/, origin_path: /docs, distributions: [{E2}], exclude: ["*.map"]}}
"""

ODD_KEYS = [
    "a b.html",
    "a+b.html",
    "50%.html",
    "50%25.html",
    "c#.html",
    "why?.html",
    "it's (1).html",
    "日本/é.html",
    "end ",
    " x",
]


class Deployment:
    """A bucket, two distributions, a rule, queues, and the handler behind an event source mapping."""

    def __init__(self, aws: LocalAws, folder: Path) -> None:
        self.aws = aws
        self.site = folder / "site"
        self.site.mkdir()
        self.map = folder / "routes.yaml"
        self.map.write_text(MAP)
        aws.create_site_bucket("my-site")
        for distribution in (E1, E2):
            aws.create_distribution(distribution)
        queue, dead_letters = aws.create_queues("my-site")
        queues = {"PURGEMAP_QUEUE_URL": queue, "PURGEMAP_DEAD_LETTER_QUEUE_URL": dead_letters}
        handler = build_handler({**aws.environment, **queues, "PURGEMAP_ROUTES": str(self.map)})
        self._source = EventSource(aws.client("sqs"), queue, aws.queue_arn(queue), handler, window_seconds=1)
        self._seen: dict[str, int] = {}

    def write(self, name: str, text: str) -> None:
        file = self.site / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        # S3 stores whole seconds: a file younger than a second would look changed to the next sync.
        os.utime(file, (0, 0))

    def sync(self, *options: str) -> str:
        return run_aws(self.aws, "s3", "sync", str(self.site), "s3://my-site", "--delete", *options)

    def accepted_items(self) -> set[tuple[str, str]]:
        """Let the queue run empty, and return the newly accepted pairs of distribution and item."""
        while self._source.poll():
            pass
        accepted = set()
        for distribution, invalidations in self.aws.accepted_items().items():
            new = invalidations[self._seen.get(distribution, 0) :]
            self._seen[distribution] = len(invalidations)
            accepted |= {(distribution, item) for items in new for item in items}
        return accepted


@pytest.fixture
def deployment(aws: LocalAws, tmp_path: Path) -> Deployment:
    return Deployment(aws, tmp_path)


@needs_aws_cli
def test_sync_invalidates_exactly_the_changed_objects(deployment: Deployment) -> None:
    for name in ("index.html", "about.html", "docs/index.html", "docs/a b.html", "docs/app.js.map", "old.html"):
        deployment.write(name, name)
    deployment.sync()
    assert deployment.accepted_items() == {
        *((E1, item) for item in ("/", "/index.html", "/about.html", "/docs/", "/docs/index.html", "/old.html")),
        *((E1, item) for item in ("/docs/a%20b.html", "/docs/a+b.html", "/docs/app.js.map")),
        *((E2, item) for item in ("/", "/index.html", "/a%20b.html", "/a+b.html")),
    }

    deployment.write("about.html", "a longer text than before")
    deployment.write("docs/a b.html", "a longer text than before")
    deployment.write("docs/new.html", "new")
    (deployment.site / "old.html").unlink()
    deployment.sync()
    assert deployment.accepted_items() == {
        *((E1, item) for item in ("/about.html", "/old.html", "/docs/a%20b.html", "/docs/a+b.html", "/docs/new.html")),
        *((E2, item) for item in ("/a%20b.html", "/a+b.html", "/new.html")),
    }

    deployment.sync()
    assert deployment.accepted_items() == set()


@needs_aws_cli
def test_plan_names_each_object_of_a_real_sync_once(deployment: Deployment) -> None:
    for name in ODD_KEYS:
        deployment.write(name, name)
    dry_run, output = deployment.sync("--dryrun"), deployment.sync()
    for text in (dry_run, output, dry_run + output):
        assert summary(text, deployment)["changes"] == len(ODD_KEYS)
    assert (
        items(output, deployment)
        == items(dry_run, deployment)
        == {i for d, i in deployment.accepted_items() if d == E1}
    )

    (deployment.site / ODD_KEYS[0]).unlink()
    deployment.write(ODD_KEYS[1], "a longer text than before")
    assert summary(deployment.sync(), deployment)["changes"] == 2
    moved = run_aws(deployment.aws, "s3", "mv", "s3://my-site/c#.html", "s3://my-site/d to e.html")
    copied = run_aws(deployment.aws, "s3", "cp", "s3://my-site/why?.html", "s3://my-site/f.html")
    removed = run_aws(deployment.aws, "s3", "rm", "s3://my-site/f.html")
    assert items(moved, deployment) == {"/c%23.html", "/d%20to%20e.html", "/d+to+e.html"}
    assert items(copied, deployment) == items(removed, deployment) == {"/f.html"}


def planned(text: str, deployment: Deployment) -> dict[str, object]:
    result = CliRunner().invoke(plan, ["--routes", str(deployment.map), "--json"], input=text, standalone_mode=False)
    assert result.exception is None
    document: dict[str, object] = json.loads(result.stdout)
    return document


def summary(text: str, deployment: Deployment) -> dict[str, int]:
    found = planned(text, deployment)["summary"]
    assert isinstance(found, dict)
    return found


def items(text: str, deployment: Deployment) -> set[str]:
    invalidations = planned(text, deployment)["invalidations"]
    assert isinstance(invalidations, list)
    return {item for each in invalidations if each["distribution"] == E1 for item in each["items"]}
