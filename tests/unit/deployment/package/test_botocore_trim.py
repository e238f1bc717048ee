"""botocore in the zip: for the function's calls it equals the botocore that was installed."""

import ast
import importlib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name
from botocore.loaders import Loader

from purgemap.aws.clients import LEDGER_SERVICES, SERVICES
from purgemap.deployment.package.botocore_trim import LEDGER_OPERATIONS, OPERATIONS
from purgemap.deployment.package.source_files import LEDGER_MODULES, read_source_files

Trimmed = tuple[Loader, Mapping[str, Sequence[str]]]
WITH_LEDGER = {**OPERATIONS, **LEDGER_OPERATIONS}


@pytest.fixture(params=[("task", OPERATIONS), ("ledger_task", WITH_LEDGER)], ids=["plain", "ledger"])
def trimmed(request: pytest.FixtureRequest) -> Trimmed:
    """The data of a zip, without and with the ledger, and the operations that it is for."""
    fixture, operations = request.param
    data = request.getfixturevalue(fixture) / "botocore/data"
    return Loader(extra_search_paths=[str(data)], include_default_search_paths=False), operations


def _nodes(*modules: str) -> Iterator[ast.AST]:
    for source in read_source_files(*modules).values():
        yield from ast.walk(ast.parse(source))


def _method_calls(*modules: str) -> Iterator[ast.Call]:
    for node in _nodes(*modules):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node


def _method(call: ast.Call) -> str:
    assert isinstance(call.func, ast.Attribute)
    return call.func.attr


@pytest.mark.parametrize(("modules", "operations"), [((), OPERATIONS), (LEDGER_MODULES, WITH_LEDGER)])
def test_trim_keeps_the_operations_that_the_function_calls(
    modules: Sequence[str], operations: Mapping[str, Sequence[str]]
) -> None:
    loader = Loader()
    # A method may be passed on before it is called. botocore calls AssumeRole, for a distribution's role.
    called = {node.attr for node in _nodes(*modules) if isinstance(node, ast.Attribute)} | {"assume_role"}
    for service, kept in operations.items():
        names = loader.load_service_model(service, "service-2")["operations"]
        assert {name for name in names if xform_name(name) in called} == set(kept)


def test_trim_keeps_the_services_that_clients_are_created_for() -> None:
    assert OPERATIONS.keys() <= SERVICES
    assert LEDGER_OPERATIONS.keys() == LEDGER_SERVICES
    for modules, services in (((), SERVICES), (LEDGER_MODULES, SERVICES | LEDGER_SERVICES)):
        created = [
            call.args[0].value
            for call in _method_calls(*modules)
            if _method(call) == "client" and call.args and isinstance(call.args[0], ast.Constant)
        ]
        assert created
        assert services.issuperset(created)


def _resolve_shape(model: dict[str, Any], reference: dict[str, Any], parents: tuple[str, ...] = ()) -> Any:
    """Replace references by the shapes that they name, without documentation."""
    name = reference["shape"]
    if name in parents:
        return name
    shape = {key: value for key, value in {**model["shapes"][name], **reference}.items() if key != "documentation"}
    for part in ("member", "key", "value"):
        if part in shape:
            shape[part] = _resolve_shape(model, shape[part], (*parents, name))
    if "members" in shape:
        shape["members"] = {
            key: _resolve_shape(model, member, (*parents, name)) for key, member in shape["members"].items()
        }
    return shape


def _describe(model: dict[str, Any], operation: str) -> Any:
    description = {key: value for key, value in model["operations"][operation].items() if key != "documentation"}
    for part in ("input", "output"):
        description[part] = _resolve_shape(model, description[part])
    description["errors"] = [_resolve_shape(model, error) for error in description.get("errors", [])]
    settings = {name: setting["type"] for name, setting in model.get("clientContextParams", {}).items()}
    return description, model["metadata"], settings


def test_trim_describes_operations_as_upstream_does(trimmed: Trimmed) -> None:
    loaders = trimmed[0], Loader()
    for service, operations in trimmed[1].items():
        ours, theirs = (loader.load_service_model(service, "service-2") for loader in loaders)
        for operation in operations:
            assert _describe(ours, operation) == _describe(theirs, operation)


def test_trim_keeps_the_endpoints_of_every_region(trimmed: Trimmed) -> None:
    (loader, operations), upstream = trimmed, Loader()
    for name in ("partitions", "_retry", "sdk-default-configuration"):
        assert loader.load_data(name) == upstream.load_data(name)
    for ours, theirs in zip(
        loader.load_data("endpoints")["partitions"], upstream.load_data("endpoints")["partitions"], strict=True
    ):
        services = {name: endpoints for name, endpoints in theirs.pop("services").items() if name in operations}
        assert ours.pop("services") == services
        assert ours == theirs
    for service in operations:
        rules = "endpoint-rule-set-1"
        assert loader.load_service_model(service, rules) == upstream.load_service_model(service, rules)


def test_trim_keeps_what_botocore_imports_of_its_docs(task: Path) -> None:
    imports = {
        (str(node.module), name.name)
        for file in (task / "botocore").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("botocore.docs")
        for name in node.names
    }
    assert ("botocore.docs.docstring", "ClientMethodDocstring") in imports
    for module, name in imports:
        source = (task / f"{module.replace('.', '/')}.py").read_text()
        assert re.search(rf"^(class|def) {name}\b", source, re.MULTILINE), (module, name)
        assert hasattr(importlib.import_module(module), name)
