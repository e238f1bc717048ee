"""`purgemap init --github` and `--gitlab`: which files they write, keep and refuse."""

import json
from pathlib import Path

import click
import pytest

from purgemap.cli.init import init
from purgemap.errors import PurgemapError
from support.commands import invoke

MAP = Path("config/routes.yaml")
SOURCE = ("--source", "0.1.0")


@pytest.fixture(autouse=True)
def _in_an_empty_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sites/.git").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "sites")


def written() -> set[str]:
    return {str(file) for file in Path().rglob("*") if file.is_file()}


def test_init_writes_map_and_pipelines() -> None:
    document = json.loads(invoke(init, "--github", "--gitlab", *SOURCE, "--json").stdout)
    assert written() == {document["map"], document["schema"], *document["pipelines"]}
    assert document["kept"] == []
    assert {".github/workflows/purgemap-check.yaml", ".gitlab-ci.yml"} <= written()


def test_init_adds_only_pipelines_to_a_map() -> None:
    MAP.parent.mkdir()
    MAP.write_text("mine")
    result = invoke(init, "--github", *SOURCE)
    assert result.output.startswith("config/routes.yaml  exists and is kept\n.github/workflows/purgemap-check.yaml  ")
    assert {file for file in written() if not file.startswith(".github/")} == {str(MAP)}
    assert MAP.read_text() == "mine"


def test_init_adds_pipelines_to_a_map_in_a_folder() -> None:
    Path("sites").mkdir()
    assert invoke(init, "--github", "--routes", "sites", *SOURCE).return_value == 0
    assert "      - sites/** # the map\n" in Path(".github/workflows/purgemap-deploy.yaml").read_text()
    refused = invoke(init, "--routes", "sites")
    assert isinstance(refused.exception, click.UsageError)
    assert str(refused.exception) == "sites is a folder; name a file in it, such as sites/routes.yaml"


def test_init_names_and_keeps_existing_files() -> None:
    invoke(init, "--github", *SOURCE)
    edited, removed = (Path(f".github/{name}") for name in ("workflows/purgemap-deploy.yaml", "purgemap/role.yaml"))
    edited.write_text("mine")
    removed.unlink()
    document = json.loads(invoke(init, "--github", "--source", "0.2.0", "--json").stdout)
    assert document["pipelines"] == [str(removed)]
    assert set(document["kept"]) == {file for file in written() if file.startswith(".github/")} - {str(removed)}
    assert edited.read_text() == "mine"
    assert f"{edited}  exists and is kept\n" in invoke(init, "--github", *SOURCE).output


def test_init_adds_a_file_to_include_beside_another_pipeline() -> None:
    Path(".gitlab-ci.yml").write_text("stages: [test, deploy]\n")
    result = invoke(init, "--gitlab", *SOURCE)
    assert "add to .gitlab-ci.yml:\n  include: [{local: purgemap.gitlab-ci.yml}]\n" in result.output
    assert Path(".gitlab-ci.yml").read_text() == "stages: [test, deploy]\n"
    assert "purgemap deploy:" in Path("purgemap.gitlab-ci.yml").read_text()


def test_init_keeps_its_own_edited_gitlab_pipeline() -> None:
    invoke(init, "--gitlab", *SOURCE)
    pipeline = Path(".gitlab-ci.yml")
    pipeline.write_text(pipeline.read_text().replace("python:3.13", "registry.test/python:3.13"))
    document = json.loads(invoke(init, "--gitlab", *SOURCE, "--json").stdout)
    assert ".gitlab-ci.yml" in document["kept"]
    assert "include" not in document


def test_init_writes_pipelines_at_the_root_of_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("infra").mkdir()
    monkeypatch.chdir("infra")
    document = json.loads(invoke(init, "--github", *SOURCE, "--json").stdout)
    assert document["map"] == "config/routes.yaml"
    assert document["pipelines"][0] == "../.github/workflows/purgemap-check.yaml"
    workflow = Path("../.github/workflows/purgemap-check.yaml").read_text()
    assert "\n  ROUTES: infra/config/routes.yaml\n" in workflow
    assert "\n      - infra/config/routes.yaml # the map\n" in workflow


def test_init_prints_the_commands_for_the_role() -> None:
    document = json.loads(invoke(init, "--gitlab", *SOURCE, "--routes", "a.yaml", "--json").stdout)
    check, notifications, role, outputs = document["next"]
    assert (check, notifications) == ("purgemap check --routes a.yaml", "purgemap doctor --routes a.yaml --fix")
    assert "--template-file .gitlab/purgemap/role.yaml" in role
    assert role.endswith("GitLabProject=GROUP/PROJECT")
    assert "describe-stacks --stack-name purgemap-gitlab" in outputs


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        (SOURCE, click.UsageError, "pass --github or --gitlab with it"),
        (("--github", "--source", "latest"), PurgemapError, "latest is not a version"),
        (("--github", *SOURCE, "--routes", "../map.yaml"), PurgemapError, "run init in its repository"),
        (("--github", *SOURCE, "--routes", "my map.yaml"), PurgemapError, "a pipeline cannot watch a map"),
    ],
)
def test_init_refuses_before_it_writes(arguments: tuple[str, ...], kind: type[Exception], message: str) -> None:
    result = invoke(init, *arguments)
    assert isinstance(result.exception, kind)
    assert message in str(result.exception)
    assert written() == set()
