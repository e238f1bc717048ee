"""The schema agrees with the code, and has what editors need to complete a map."""

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from purgemap.routemap.compiled import Distribution, Settings
from purgemap.routemap.parse.schema import load_schema
from purgemap.routemap.parse.yaml_repairs import LISTS, SETTINGS

SCHEMA: dict[str, Any] = load_schema()
DEFINITIONS: dict[str, Any] = SCHEMA["$defs"]
BUDGETS = {"max_paths", "max_wildcards", "max_paths_per_day"}
OPTIONS = set(Settings._fields)


def resolve(schema: dict[str, Any]) -> dict[str, Any]:
    """Merge a schema with the definition that it refers to."""
    reference = schema.get("$ref")
    return {**DEFINITIONS[reference.rpartition("/")[2]], **schema} if reference else schema


def list_properties(schema: Any, path: str = "$") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(schema, dict):
        for name, value in schema.get("properties", {}).items():
            yield f"{path}.{name}", resolve(value)
        for name, value in schema.items():
            yield from list_properties(value, f"{path}/{name}")


def list_mappings(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        if "properties" in schema:
            yield schema
        for value in schema.values():
            yield from list_mappings(value)


def test_schema_is_valid_draft_2020_12() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(("path", "schema"), [*list_properties(SCHEMA)])
def test_schema_describes_properties_with_valid_examples(path: str, schema: dict[str, Any]) -> None:
    assert len(schema["description"]) > 20, path
    assert schema["examples"], path
    for example in schema["examples"]:
        Draft202012Validator({**schema, "$defs": DEFINITIONS}).validate(example)


@pytest.mark.parametrize(("path", "schema"), [*list_properties(SCHEMA)])
def test_schema_describes_every_default(path: str, schema: dict[str, Any]) -> None:
    assert "default" not in schema or "Default: " in schema["description"], path


def list_patterns(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        if "pattern" in schema or "const" in schema:
            yield schema
        for value in schema.values():
            yield from list_patterns(value)


def test_schema_has_a_message_for_every_pattern() -> None:
    assert all("errorMessage" in schema for schema in list_patterns(SCHEMA))


def test_schema_rejects_unknown_keys_in_every_mapping() -> None:
    assert all(schema["additionalProperties"] is False for schema in list_mappings(SCHEMA))


def test_schema_has_the_options_of_the_compiled_map() -> None:
    route = DEFINITIONS["route"]["properties"].keys()
    distribution = DEFINITIONS["distribution"]["properties"].keys()
    assert route - {"name", "bucket", "prefix", "accounts", "distributions"} == OPTIONS
    assert distribution - {"id", "tenant", "role_arn", "external_id"} == OPTIONS | BUDGETS
    assert SCHEMA["properties"]["defaults"]["properties"].keys() == OPTIONS | BUDGETS


def test_yaml_repairs_know_all_keys_of_the_schema() -> None:
    entries = [DEFINITIONS[name] for name in ("route", "distribution", "test")] + [SCHEMA["properties"]["defaults"]]
    assert set().union(*(entry["properties"] for entry in entries)) == SETTINGS
    lists = {name for entry in entries for name, value in entry["properties"].items() if _is_list(value)}
    assert lists == LISTS


def _is_list(value: dict[str, Any]) -> bool:
    return bool(resolve(value).get("type") == "array")


@pytest.mark.parametrize("name", sorted(OPTIONS | BUDGETS))
def test_schema_has_the_defaults_of_the_compiled_map(name: str) -> None:
    budgets = {field.name: field.default for field in fields(Distribution) if field.name in BUDGETS}
    default = {**Settings._field_defaults, **budgets}[name]
    assert DEFINITIONS[name]["default"] == (list(default) if isinstance(default, tuple) else default)


def test_schema_has_the_fields_of_a_compiled_distribution() -> None:
    distribution = DEFINITIONS["distribution"]["properties"].keys() - OPTIONS - {"tenant"}
    assert distribution | {"options"} == {field.name for field in fields(Distribution)}
