"""The schema says what the code does, and enough for an editor to complete from it."""

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


def followed(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema together with what it refers to."""
    reference = schema.get("$ref")
    return {**DEFINITIONS[reference.rpartition("/")[2]], **schema} if reference else schema


def properties(schema: Any, path: str = "$") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(schema, dict):
        for name, value in schema.get("properties", {}).items():
            yield f"{path}.{name}", followed(value)
        for name, value in schema.items():
            yield from properties(value, f"{path}/{name}")


def mappings(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        if "properties" in schema:
            yield schema
        for value in schema.values():
            yield from mappings(value)


def test_the_schema_is_one_of_2020_12() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(("path", "schema"), [*properties(SCHEMA)])
def test_every_property_has_a_description_and_examples_that_it_accepts(path: str, schema: dict[str, Any]) -> None:
    assert len(schema["description"]) > 20, path
    assert schema["examples"], path
    for example in schema["examples"]:
        Draft202012Validator({**schema, "$defs": DEFINITIONS}).validate(example)


@pytest.mark.parametrize(("path", "schema"), [*properties(SCHEMA)])
def test_every_default_is_told_in_words_too(path: str, schema: dict[str, Any]) -> None:
    assert "default" not in schema or "Default: " in schema["description"], path


def patterned(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        if "pattern" in schema or "const" in schema:
            yield schema
        for value in schema.values():
            yield from patterned(value)


def test_what_a_pattern_refuses_is_told_in_words() -> None:
    assert all("errorMessage" in schema for schema in patterned(SCHEMA))


def test_every_mapping_refuses_unknown_keys() -> None:
    assert all(schema["additionalProperties"] is False for schema in mappings(SCHEMA))


def test_routes_distributions_and_defaults_take_the_options_that_the_table_knows() -> None:
    route = DEFINITIONS["route"]["properties"].keys()
    distribution = DEFINITIONS["distribution"]["properties"].keys()
    assert route - {"name", "bucket", "prefix", "accounts", "distributions"} == OPTIONS
    assert distribution - {"id", "tenant", "role_arn", "external_id"} == OPTIONS | BUDGETS
    assert SCHEMA["properties"]["defaults"]["properties"].keys() == OPTIONS | BUDGETS


def test_cures_of_syntax_errors_know_the_schemas_keys() -> None:
    entries = [DEFINITIONS[name] for name in ("route", "distribution", "test")] + [SCHEMA["properties"]["defaults"]]
    assert set().union(*(entry["properties"] for entry in entries)) == SETTINGS
    lists = {name for entry in entries for name, value in entry["properties"].items() if _is_list(value)}
    assert lists == LISTS


def _is_list(value: dict[str, Any]) -> bool:
    return bool(followed(value).get("type") == "array")


@pytest.mark.parametrize("name", sorted(OPTIONS | BUDGETS))
def test_the_schemas_defaults_are_the_tables(name: str) -> None:
    budgets = {field.name: field.default for field in fields(Distribution) if field.name in BUDGETS}
    default = {**Settings._field_defaults, **budgets}[name]
    assert DEFINITIONS[name]["default"] == (list(default) if isinstance(default, tuple) else default)


def test_distributions_of_the_table_hold_what_the_schema_lets_them_say() -> None:
    distribution = DEFINITIONS["distribution"]["properties"].keys() - OPTIONS - {"tenant"}
    assert distribution | {"options"} == {field.name for field in fields(Distribution)}
