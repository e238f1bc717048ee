"""The function's start: what it imports and what it leaves out, counted rather than timed."""

import ast
import importlib
import io
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from purgemap.aws.clients import SERVICES
from purgemap.deployment.package.botocore_trim import OPERATIONS
from purgemap.deployment.package.function import package_function
from purgemap.deployment.package.source_files import read_source_files
from purgemap.routemap.load import load_map

NAMES = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_REGION": "eu-west-1"}


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("task")
    routes = folder / "routes.yaml"
    routes.write_text("version: 1\nroutes:\n  - {bucket: acme-www, distributions: [E2EXAMPLE1ABCD]}\n")
    zipfile.ZipFile(io.BytesIO(package_function(load_map(routes)).archive)).extractall(folder / "function")
    return folder / "function"


@pytest.fixture(scope="module")
def imported(task: Path) -> set[str]:
    code = "import sys; sys.path.insert(0, '.'); import purgemap.lambda_function; print(*sys.modules)"
    variables = {**NAMES, "AWS_LAMBDA_FUNCTION_NAME": "purgemap", "PURGEMAP_ROUTES": "routes.json"}
    command = [sys.executable, "-S", "-B", "-c", code]
    return set(
        subprocess.run(command, cwd=task, env=variables, capture_output=True, text=True, check=True).stdout.split()
    )


def test_the_start_imports_nothing_that_only_people_or_other_maps_need(imported: set[str]) -> None:
    roots = {name.partition(".")[0] for name in imported}
    assert roots.isdisjoint({"boto3", "click", "jsonschema", "moto", "pydantic", "rich", "s3transfer", "yaml"})
    assert not [name for name in imported if re.match(r"purgemap\.(cli|embedded|building|differing|rendering)\b", name)]


def test_the_start_imports_no_packages_but_those_that_are_known(imported: set[str]) -> None:
    roots = {name.partition(".")[0] for name in imported} - sys.stdlib_module_names - {"__main__"}
    assert roots == {"botocore", "dateutil", "jmespath", "purgemap", "six", "urllib3"}


def test_the_start_imports_no_writers_of_documentation(imported: set[str]) -> None:
    documentation = {name for name in imported if name.startswith("botocore.docs")}
    assert documentation == {"botocore.docs", "botocore.docs.docstring", "botocore.docs.utils"}
    assert not imported & {"html.parser", "unittest", "doctest", "pydoc"}


def test_the_start_imports_no_more_modules_than_it_did(imported: set[str]) -> None:
    assert len(imported) < 400


def _docs_imports(task: Path) -> set[tuple[str, str]]:
    """List what the function's botocore imports of botocore.docs: pairs of module and name."""
    return {
        (str(node.module), name.name)
        for file in (task / "botocore").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("botocore.docs")
        for name in node.names
    }


def test_whatever_botocore_imports_of_its_documentation_is_still_there(task: Path) -> None:
    found = _docs_imports(task)
    assert ("botocore.docs.docstring", "ClientMethodDocstring") in found
    for module, name in found:
        source = (task / f"{module.replace('.', '/')}.py").read_text()
        assert re.search(rf"^(class|def) {name}\b", source, re.MULTILINE), (module, name)
        assert hasattr(importlib.import_module(module), name)


def test_clients_are_made_of_the_services_whose_handlers_are_kept() -> None:
    assert OPERATIONS.keys() <= SERVICES
    calls = [
        node.args[0].value
        for source in read_source_files().values()
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "client"
        if node.args and isinstance(node.args[0], ast.Constant)
    ]
    assert calls
    assert SERVICES.issuperset(calls)
