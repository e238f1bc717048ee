"""The wheel alone, in an empty folder: a map, its preview, a deployment into the embedded AWS, and the demo."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from purgemap.cli.main import COMMANDS
from purgemap.demo.local_aws import LocalAws, start_local_aws
from support.deployed import QUICK, Deployed, put
from support.doubles.lambda_runtime import needs_lambda_runtime
from support.local_site import accepted_items
from support.places import ROOT
from support.wheel_environment import InstalledCommand, build_wheel, make_environment

pytestmark = pytest.mark.skipif(
    not (ROOT / "handler/purgemap").exists(), reason="the sources are hidden: every test runs with the wheel"
)

BUCKET, WWW = "acme-www", "E2WHEEL1ABCDEF"
URI = f"s3://{BUCKET}/index.html"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture
def installed(wheel: Path, tmp_path: Path) -> InstalledCommand:
    """Install the wheel without extras, with the first map of `purgemap init` in its folder."""
    (tmp_path / "folder").mkdir()
    installed = InstalledCommand(make_environment(tmp_path / "environment", wheel), tmp_path / "folder")
    installed.run("init")
    map_file = installed.folder / "config/routes.yaml"
    map_file.write_text(map_file.read_text().replace("my-site", BUCKET).replace("E1EXAMPLE1ABCD", WWW))
    return installed


@pytest.fixture
def aws() -> Iterator[LocalAws]:
    with start_local_aws() as running:
        running.create_site_bucket(BUCKET)
        yield running


def test_wheel_previews_and_builds(installed: InstalledCommand) -> None:
    commands = installed.run("--help")  # imports each of them
    assert all(f"\n  {name} " in commands for name in COMMANDS)
    assert installed.run("check") == "config/routes.yaml: 1 route, 1 distribution, 1 test: fine\n"
    assert "item     /index.html" in installed.run("explain", URI)
    (installed.folder / "deploy.log").write_text(f"upload: ./index.html to {URI}\n")
    assert "1 change → 2 items in 1 request" in installed.run("plan", "deploy.log")
    assert f"+ bucket       {BUCKET}\n" in installed.run("diff", "/dev/null")
    assert installed.run("schema") == (ROOT / "schemas/routes.schema.json").read_text()
    assert f"- {BUCKET}\n" in installed.run("render")
    assert "CentralBusArn" in installed.run("render", "--member")
    pipelines = json.loads(installed.run("init", "--github", "--gitlab", "--source", "0.1.0", "--json"))["pipelines"]
    assert len(pipelines) == 11
    assert all((installed.folder / file).read_text() for file in pipelines)
    installed.run("build", "--output", "function.zip")
    assert (installed.folder / "function.zip").stat().st_size > 500_000
    assert "pip install 'purgemap[demo]'" in installed.run("demo", exit_code=1)


@needs_lambda_runtime
def test_wheel_deploys_and_redrives(installed: InstalledCommand, aws: LocalAws, tmp_path: Path) -> None:
    installed.run("deploy", "--yes", *QUICK, variables=aws.environment)
    deployed = Deployed(aws)
    variables = {**aws.environment, **deployed.function["Environment"]["Variables"]}
    with deployed.running(tmp_path / "task") as source:
        put(aws, BUCKET, "index.html")
        source.poll()  # the distribution does not exist yet
        status = json.loads(installed.run("status", "--json", variables=variables, exit_code=1))
        aws.create_distribution(WWW)
        redriven = json.loads(installed.run("redrive", "--json", variables=variables))
        source.poll()
    assert (status["dead_letters"]["visible"], redriven["redriven"]) == (1, 1)
    assert accepted_items(aws) == {WWW: [["/", "/index.html"]]}


def test_wheel_with_its_extra_runs_the_demo(wheel: Path, tmp_path: Path) -> None:
    demo = InstalledCommand(make_environment(tmp_path / "environment", wheel, "demo"), tmp_path)
    assert json.loads(demo.run("demo", "--json"))["lost"] == 0
