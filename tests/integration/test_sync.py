"""A real `aws s3 sync` into the embedded AWS, with the real handler behind the queue."""

import os
from pathlib import Path
from typing import Any

import pytest

from purgemap.cli.plan import plan
from purgemap.demo.local_aws import LocalAws
from support.aws_cli import needs_aws_cli, run_aws
from support.harness import ServiceHarness, build_service
from support.ids import E1, E2
from support.local_site import accepted_items

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
    """A folder that `aws s3 sync` copies into the bucket of a service, and the service's function."""

    def __init__(self, service: ServiceHarness, folder: Path) -> None:
        self.aws = service.aws
        self.folder = folder
        self._service = service
        self._function = service.function()
        self._seen: dict[str, int] = {}

    def write(self, name: str, text: str) -> None:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        # S3 stores whole seconds: a file younger than a second would look changed to the next sync.
        os.utime(file, (0, 0))

    def sync(self, *options: str) -> str:
        return run_aws(self.aws, "s3", "sync", str(self.folder), "s3://my-site", "--delete", *options)

    def accepted_items(self) -> set[tuple[str, str]]:
        """Let the queue run empty, and return the newly accepted pairs of distribution and item."""
        while self._function.poll():
            pass
        accepted = set()
        for distribution, invalidations in accepted_items(self.aws).items():
            new = invalidations[self._seen.get(distribution, 0) :]
            self._seen[distribution] = len(invalidations)
            accepted |= {(distribution, item) for items in new for item in items}
        return accepted

    def plan(self, text: str) -> Any:
        return self._service.document(plan, text=text)

    def planned_items(self, text: str) -> set[str]:
        invalidations = self.plan(text)["invalidations"]
        return {item for each in invalidations if each["distribution"] == E1 for item in each["items"]}


@pytest.fixture
def deployment(aws: LocalAws, tmp_path: Path) -> Deployment:
    for distribution in (E1, E2):
        aws.create_distribution(distribution)
    return Deployment(build_service(aws, tmp_path, MAP, "my-site"), tmp_path / "site")


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
    (deployment.folder / "old.html").unlink()
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
        assert deployment.plan(text)["summary"]["changes"] == len(ODD_KEYS)
    accepted = {item for distribution, item in deployment.accepted_items() if distribution == E1}
    assert deployment.planned_items(output) == deployment.planned_items(dry_run) == accepted

    (deployment.folder / ODD_KEYS[0]).unlink()
    deployment.write(ODD_KEYS[1], "a longer text than before")
    assert deployment.plan(deployment.sync())["summary"]["changes"] == 2
    moved = run_aws(deployment.aws, "s3", "mv", "s3://my-site/c#.html", "s3://my-site/d to e.html")
    copied = run_aws(deployment.aws, "s3", "cp", "s3://my-site/why?.html", "s3://my-site/f.html")
    removed = run_aws(deployment.aws, "s3", "rm", "s3://my-site/f.html")
    assert deployment.planned_items(moved) == {"/c%23.html", "/d%20to%20e.html", "/d+to+e.html"}
    assert deployment.planned_items(copied) == deployment.planned_items(removed) == {"/f.html"}
