"""`purgemap init`: the files that it writes, and those that it does not overwrite."""

import json
from importlib.resources import files
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from purgemap.cli.check import check
from purgemap.cli.init import init
from purgemap.cli.main import COMMANDS
from purgemap.errors import PurgemapError
from support.commands import invoke

SCHEMA = files("purgemap.schemas").joinpath("routes.schema.json").read_text()


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_init_writes_a_map_that_check_accepts() -> None:
    assert invoke(init).return_value == 0
    result = CliRunner().invoke(check, [], standalone_mode=False)
    assert result.output == "config/routes.yaml: 1 route, 1 distribution, 1 test: fine\n"


def test_init_names_the_schema_beside_the_map() -> None:
    invoke(init)
    first_line, _ = Path("config/routes.yaml").read_text().split("\n", 1)
    assert first_line == "# yaml-language-server: $schema=routes.schema.json"
    assert Path("config/routes.schema.json").read_text() == SCHEMA


def test_init_prints_the_next_commands() -> None:
    result = invoke(init, "--routes", "my maps/a.yaml", "--json")
    document = json.loads(result.stdout)
    assert (document["map"], document["schema"]) == ("my maps/a.yaml", "my maps/routes.schema.json")
    assert all(command.split()[1] in COMMANDS for command in document["next"])
    assert document["next"][0] == "purgemap check --routes 'my maps/a.yaml'"
    assert "\nnext:\n  purgemap check\n" in invoke(init).output


def test_init_overwrites_no_map() -> None:
    Path("config").mkdir()
    Path("config/routes.yaml").write_text("mine")
    result = invoke(init)
    assert isinstance(result.exception, PurgemapError)
    assert str(result.exception).startswith("config/routes.yaml exists and is not overwritten")
    assert [file.read_text() for file in Path("config").iterdir()] == ["mine"]


def test_init_keeps_an_equal_schema_only() -> None:
    invoke(init, "--routes", "a.yaml")
    assert invoke(init, "--routes", "b.yaml").return_value == 0
    Path("routes.schema.json").write_text("{}")
    result = invoke(init, "--routes", "c.yaml")
    assert str(result.exception) == (
        "routes.schema.json is not the schema of this version, and is not overwritten; remove it"
    )
    assert not Path("c.yaml").exists()


def test_init_names_a_folder_that_cannot_be_written() -> None:
    Path("config").write_text("a file")
    result = invoke(init)
    assert isinstance(result.exception, PurgemapError)
    assert str(result.exception).startswith("config/routes.schema.json: can't be written: ")


@pytest.mark.parametrize("name", ["", "config", "routes.json"])
def test_init_refuses_a_name_that_is_not_yaml(name: str) -> None:
    assert isinstance(invoke(init, "--routes", name).exception, click.BadParameter)


def test_init_refuses_a_role_without_discover() -> None:
    result = invoke(init, "--role-arn", "arn:aws:iam::222222222222:role/reader")
    assert isinstance(result.exception, click.UsageError)
    assert list(Path().iterdir()) == []
