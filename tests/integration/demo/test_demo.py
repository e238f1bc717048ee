"""`purgemap demo`: S3 calls in, invalidations out, on the embedded AWS."""

import json
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pytest
from click.testing import CliRunner, Result

from purgemap.cli.demo import OWN_DISTRIBUTION, DemoSettings, demo
from purgemap.delivery import CallSettings
from purgemap.errors import PurgemapError
from purgemap.lambda_function import Handler, build_handler
from support.doubles.nonsense import Nonsense, serve_nonsense

ODD_NAMES = ["a b", "a+b", "~", "a~b~c", "100%", "#", "?x=1", "quote's", "(1)", "é", "日本", "a&b=c@d"]


WINDOW_SECONDS = 0.3
# On a busy machine the embedded AWS takes longer than DynamoDB, and a ledger that is late skips nothing.
PATIENT = CallSettings(attempts=1, connect_timeout=10, read_timeout=60)
SHORT_WINDOW = DemoSettings(WINDOW_SECONDS, partial(build_handler, ledger_call=PATIENT))


def run(*arguments: object, settings: DemoSettings = SHORT_WINDOW) -> Result:
    return CliRunner().invoke(demo, [str(argument) for argument in arguments], obj=settings, standalone_mode=False)


def run_json(*arguments: object, settings: DemoSettings = SHORT_WINDOW) -> dict[str, Any]:
    result = run("--json", *arguments, settings=settings)
    assert (result.exception, result.return_value) == (None, 0)
    document: dict[str, Any] = json.loads(result.stdout)
    return document


def write_site(folder: Path, names: Iterable[str]) -> Path:
    for name in names:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    return folder


def test_demo_json_is_one_document_of_all_steps() -> None:
    document = run_json()
    assert document.keys() == {"objects", "events", "batches", "invalidations", "lost", "seconds"}
    assert (document["objects"], document["events"], document["lost"]) == (19, 17 + 19, 0)
    assert len(document["invalidations"]) == 3, "none for the second upload of all 17 files"
    edit, delete = document["invalidations"][-2:]
    assert edit == {
        "distribution": OWN_DISTRIBUTION,
        "items": ["/blog/autumn/", "/blog/autumn/index.html"],
        "paths": 2,
        "wildcards": 0,
        "changes": 1,
    }
    assert delete["distribution"] == OWN_DISTRIBUTION
    assert delete["items"] == ["/docs/price%20list.html", "/docs/price+list.html"]


def test_demo_leaves_no_object_of_odd_names_stale(tmp_path: Path) -> None:
    names = [f"{folder}/{page}" for folder in ODD_NAMES for page in ("index.html", *ODD_NAMES)]
    document = run_json("--site", write_site(tmp_path, names))
    assert (document["objects"], document["events"], document["lost"]) == (len(names) + 2, 2 * len(names) + 2, 0)


def test_demo_reports_every_object_of_an_idle_service_as_lost() -> None:
    document = run_json(settings=DemoSettings(WINDOW_SECONDS, lambda _environment: lambda _event, _context: None))
    assert (document["invalidations"], document["lost"]) == ([], 19)


def test_demo_reports_the_object_of_a_wrong_path_as_lost(tmp_path: Path) -> None:
    def build_handler(environment: Mapping[str, str]) -> Handler:
        cloudfront = boto3.client("cloudfront", endpoint_url=environment["AWS_ENDPOINT_URL"])

        def handle(_event: Any, context: Any) -> None:
            batch = {"Paths": {"Quantity": 1, "Items": ["/a+b.html"]}, "CallerReference": context.aws_request_id}
            cloudfront.create_invalidation(DistributionId=OWN_DISTRIBUTION, InvalidationBatch=batch)

        return handle

    site = write_site(tmp_path, ["a+b.html", "a b.html"])
    document = run_json("--site", site, settings=DemoSettings(WINDOW_SECONDS, build_handler))
    changes = [(invalidation["paths"], invalidation["changes"]) for invalidation in document["invalidations"]]
    assert (changes, document["lost"]) == ([(1, 1), (1, 0), (1, 0), (1, 1)], 2)


def test_demo_leaves_out_the_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    page = Nonsense(200, "text/html", b"<!DOCTYPE html><p>Sign in<br>")
    with serve_nonsense(page) as url:
        monkeypatch.setenv("http_proxy", url)
        monkeypatch.setenv("no_proxy", "intranet")
        assert run_json()["lost"] == 0


def test_demo_prints_the_map_each_step_and_the_totals() -> None:
    output = run().stdout
    assert "- bucket: demo-site" in output
    for title in (
        "First deploy: 17 files",
        "The same deploy again: 17 files, all uploaded",
        "Edit blog/autumn/index.html",
        "Delete docs/price list.html",
    ):
        assert title in output
    assert "0 objects changed → 17 events → 1 batch → 0 invalidations" in output
    assert "1 object changed → 1 event → 1 batch → 1 invalidation" in output
    assert re.search(r"objects +events +batches +invalidations +paths +cost +lost +seconds", output)


def test_demo_uploads_once_for_a_map_that_skips_nothing(tmp_path: Path) -> None:
    file = tmp_path / "routes.yaml"
    file.write_text("version: 1\nroutes: [{bucket: acme-www, distributions: [E2EXAMPLE1ABCD]}]\n")
    document = run_json("--routes", file)
    assert (document["objects"], document["events"]) == (19, 19)


def test_demo_prints_names_that_look_like_markup_as_they_are(tmp_path: Path) -> None:
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


def test_demo_creates_what_a_map_names_and_uploads_the_site(tmp_path: Path) -> None:
    file = tmp_path / "routes.yaml"
    file.write_text(MAP)
    site = write_site(tmp_path / "site", ["index.html", "app.map"])
    document = run_json("--routes", file, "--site", site)
    # Three buckets, two files each, then an edit and a deletion in each.
    assert (document["objects"], document["lost"]) == (12, 0)
    assert {
        invalidation["distribution"]: invalidation.get("role_arn") for invalidation in document["invalidations"]
    } == {
        "E2EXAMPLE1ABCD": None,
        "E3EXAMPLE2ABCD": "arn:aws:iam::222222222222:role/purgemap",
        "tenant:dt_1a2b3c": None,
    }
    assert {item for invalidation in document["invalidations"] for item in invalidation["items"]} == {
        "/",
        "/index.html",
        "/app.map",
    }


def test_demo_refuses_an_invalid_map(tmp_path: Path) -> None:
    file = tmp_path / "routes.yaml"
    file.write_text("version: 1\nroutes: [{bucket: b, distributions: [missing]}]\n")
    result = run("--routes", file)
    assert isinstance(result.exception, PurgemapError)
    assert "missing" in str(result.exception)


def test_demo_without_its_extra_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "moto", None)
    result = run()
    assert isinstance(result.exception, PurgemapError)
    assert str(result.exception).endswith("pip install 'purgemap[demo]'")


def test_demo_keep_prints_new_invalidations_until_ctrl_c(tmp_path: Path) -> None:
    site = write_site(tmp_path, ["index.html"])
    code = "from purgemap.cli.main import main; main()"
    command = [sys.executable, "-c", code, "demo", "--keep", "--site", str(site)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process, ExitStack() as at_the_end:
        at_the_end.callback(process.kill)
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        exported = shlex.split(next(line for line in lines if line.startswith("  export ")))[1:]
        variables = dict(assignment.lower().split("=", 1) for assignment in exported)
        credentials = {name: variables[name] for name in ("aws_access_key_id", "aws_secret_access_key")}
        assert next(line for line in lines if "aws s3" in line) == f"  aws s3 sync {site} s3://demo-site\n"
        s3 = boto3.client("s3", endpoint_url=variables["aws_endpoint_url"], **credentials)
        s3.put_object(Bucket="demo-site", Key="blog/new page.html", Body=b"")
        assert "/blog/new%20page.html" in next(line for line in lines if OWN_DISTRIBUTION in line)
        process.send_signal(signal.SIGINT)
        assert process.wait() == 0
