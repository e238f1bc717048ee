"""`purgemap schema`: the schema as it is shipped, and its address."""

import json
from importlib.resources import files
from pathlib import Path
from urllib.parse import urljoin

import pytest

from purgemap.cli.init import init
from purgemap.cli.schema import NAMES, schema
from support.commands import invoke
from support.places import ROOT

SHIPPED = files("purgemap.schemas").joinpath("routes.schema.json").read_text()


def test_schema_prints_what_is_shipped() -> None:
    assert invoke(schema).stdout == SHIPPED


@pytest.mark.parametrize("name", ["routes", "invalidation-accepted", "invalidation-rejected"])
def test_schema_prints_each_schema_by_its_name(name: str) -> None:
    document = json.loads(invoke(schema, name).stdout)
    assert document["$id"] == f"{name}.schema.json"
    assert {file.name for file in files("purgemap.schemas").iterdir() if file.name.endswith(".json")} == {
        f"{each}.schema.json" for each in NAMES
    }


def test_schema_writes_a_file(tmp_path: Path) -> None:
    assert invoke(schema, "--output", tmp_path / "new/routes.schema.json").output == ""
    assert (tmp_path / "new/routes.schema.json").read_text() == SHIPPED


def test_schema_id_is_the_address_of_each_copy(tmp_path: Path) -> None:
    # A reference that is relative to the file: it resolves in a checkout and beside a map, without a network.
    invoke(init, "--routes", tmp_path / "routes.yaml")
    for file in (ROOT / "schemas/routes.schema.json", *tmp_path.glob("*.json")):
        assert urljoin(file.as_uri(), json.loads(SHIPPED)["$id"]) == file.as_uri()
