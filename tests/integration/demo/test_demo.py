"""`purgemap demo`: S3 calls in, invalidations out, on the embedded AWS."""

import json
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import boto3
import pytest
from click.testing import CliRunner, Result

from purgemap.cli.demo import OWN_DISTRIBUTION, demo
from purgemap.demo import run as demonstration
from purgemap.errors import PurgemapError
from support.doubles.nonsense import Nonsense, serve_nonsense

ODD_NAMES = ["a b", "a+b", "~", "a~b~c", "100%", "#", "?x=1", "quote's", "(1)", "é", "日本", "a&b=c@d"]


@pytest.fixture(autouse=True)
def _short_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demonstration, "WINDOW_SECONDS", 0.3)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(demo, [str(argument) for argument in arguments], standalone_mode=False)


def document(*arguments: object) -> dict[str, Any]:
    result = run("--json", *arguments)
    assert (result.exception, result.return_value) == (None, 0)
    parsed: dict[str, Any] = json.loads(result.stdout)
    return parsed


def items(told: Iterable[dict[str, Any]]) -> list[tuple[str, list[str]]]:
    return [(one["distribution"], one["items"]) for one in told]


def write_site(folder: Path, names: Iterable[str]) -> Path:
    for name in names:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    return folder


def test_a_deploy_an_edit_and_a_deletion_of_the_own_site_are_told_in_one_document() -> None:
    told = document()
    assert told.keys() == {"objects", "events", "batches", "invalidations", "lost", "seconds"}
    assert (told["objects"], told["events"], told["lost"]) == (19, 19, 0)
    edit, delete = told["invalidations"][-2:]
    assert edit == {
        "distribution": OWN_DISTRIBUTION,
        "items": ["/blog/autumn/", "/blog/autumn/index.html"],
        "paths": 2,
        "wildcards": 0,
        "changes": 1,
    }
    assert items([delete]) == [(OWN_DISTRIBUTION, ["/docs/price%20list.html", "/docs/price+list.html"])]


def test_a_site_of_odd_names_loses_nothing(tmp_path: Path) -> None:
    names = [f"{folder}/{page}" for folder in ODD_NAMES for page in ("index.html", *ODD_NAMES)]
    told = document("--site", write_site(tmp_path, names))
    assert (told["objects"], told["events"], told["lost"]) == (len(names) + 2, len(names) + 2, 0)


def test_a_service_that_tells_nothing_loses_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("purgemap.cli.demo.build_handler", lambda _environment: lambda _event, _context: None)
    told = document()
    assert (told["invalidations"], told["lost"]) == ([], 19)


def test_a_service_that_tells_the_wrong_path_loses_the_object(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def build_handler(environment: dict[str, str]) -> Any:
        cloudfront = boto3.client("cloudfront", endpoint_url=environment["AWS_ENDPOINT_URL"])

        def handle(_event: Any, context: Any) -> None:
            batch = {"Paths": {"Quantity": 1, "Items": ["/a+b.html"]}, "CallerReference": context.aws_request_id}
            cloudfront.create_invalidation(DistributionId=OWN_DISTRIBUTION, InvalidationBatch=batch)

        return handle

    monkeypatch.setattr("purgemap.cli.demo.build_handler", build_handler)
    told = document("--site", write_site(tmp_path, ["a+b.html", "a b.html"]))
    changes = [(one["paths"], one["changes"]) for one in told["invalidations"]]
    assert (changes, told["lost"]) == ([(1, 1), (1, 0), (1, 1)], 2)


def test_demo_leaves_out_the_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    page = Nonsense(200, "text/html", b"<!DOCTYPE html><p>Sign in<br>")
    with serve_nonsense(page) as url:
        monkeypatch.setenv("http_proxy", url)
        monkeypatch.setenv("no_proxy", "intranet")
        assert document()["lost"] == 0


def test_the_story_names_the_map_each_step_and_the_totals() -> None:
    story = run().stdout
    assert "- bucket: demo-site" in story
    for title in ("First deploy: 17 files", "Edit blog/autumn/index.html", "Delete docs/price list.html"):
        assert title in story
    assert "1 object changed → 1 event → 1 batch → 1 invalidation" in story
    assert re.search(r"objects +events +batches +invalidations +paths +cost +lost +seconds", story)


def test_a_name_that_looks_like_markup_is_told_as_it_is(tmp_path: Path) -> None:
    result = run("--site", write_site(tmp_path, ["[/bold]/index.html", "[red].html"]))
    assert result.exception is None
    assert "Edit [/bold]/index.html" in result.stdout
    assert "Delete [red].html" in result.stdout


MAP = """\
version: 1
distributions:
  www: {id: E2EXAMPLE1ABCD, origin_path: /www}
  docs: {id: E3EXAMPLE2ABCD, role_arn: "arn:aws:iam::222222222222:role/purgemap"}
  shop: {tenant: dt_1a2b3c}
routes:
  - bucket: acme-www
    distributions: [www]
  - bucket: acme-docs-*
    prefix: latest/
    origin_path: /latest
    distributions: [docs, shop]
    exclude: ["*.map"]
  - bucket: acme-sites
    prefix: sites/{site}/
    origin_path: /sites/{site}
    distributions: ["{site}"]
"""


def test_a_map_gets_its_buckets_its_distributions_and_the_site_where_each_route_finds_it(tmp_path: Path) -> None:
    file = tmp_path / "routes.yaml"
    file.write_text(MAP)
    site = write_site(tmp_path / "site", ["index.html", "app.map"])
    told = document("--routes", file, "--site", site)
    # Three buckets, two files each, then an edit and a deletion in each.
    assert (told["objects"], told["lost"]) == (12, 0)
    assert {one["distribution"]: one.get("role_arn") for one in told["invalidations"]} == {
        "E2EXAMPLE1ABCD": None,
        "E3EXAMPLE2ABCD": "arn:aws:iam::222222222222:role/purgemap",
        "tenant:dt_1a2b3c": None,
    }
    assert {item for one in told["invalidations"] for item in one["items"]} == {"/", "/index.html", "/app.map"}


def test_a_map_with_a_mistake_is_told_and_nothing_starts(tmp_path: Path) -> None:
    file = tmp_path / "routes.yaml"
    file.write_text("version: 1\nroutes: [{bucket: b, distributions: [missing]}]\n")
    result = run("--routes", file)
    assert isinstance(result.exception, PurgemapError)
    assert "missing" in str(result.exception)


def test_without_its_extra_the_demo_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "moto", None)
    result = run()
    assert isinstance(result.exception, PurgemapError)
    assert str(result.exception).endswith("pip install 'purgemap[demo]'")


def test_with_keep_it_stays_up_tells_what_others_change_and_ends_on_ctrl_c(tmp_path: Path) -> None:
    site = write_site(tmp_path, ["index.html"])
    code = "from purgemap.cli.main import main; main()"
    command = [sys.executable, "-c", code, "demo", "--keep", "--site", str(site)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process, ExitStack() as at_the_end:
        at_the_end.callback(process.kill)
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        shown = shlex.split(next(line for line in lines if "aws s3 sync" in line))
        assert shown[3:7] == ["aws", "s3", "sync", str(site)]
        credentials = dict(assignment.lower().split("=") for assignment in shown[:2])
        s3 = boto3.client("s3", endpoint_url=shown[-1], **credentials)
        s3.put_object(Bucket="demo-site", Key="blog/new page.html", Body=b"")
        assert "/blog/new%20page.html" in next(line for line in lines if OWN_DISTRIBUTION in line)
        process.send_signal(signal.SIGINT)
        assert process.wait() == 0
