"""The function's start: what it imports and what it leaves out, counted rather than timed."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from purgemap.deployment.package.source_files import ON_DEMAND

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "x",
    "AWS_SECRET_ACCESS_KEY": "x",
    "AWS_REGION": "eu-west-1",
    "AWS_LAMBDA_FUNCTION_NAME": "purgemap",
    "PURGEMAP_ROUTES": "routes.json",
}
TOOLING = ("cli", "demo", "deployment", "operations", r"routemap\.(parse|rules)")


@pytest.fixture(scope="module")
def imported(task: Path) -> set[str]:
    code = "import sys; sys.path.insert(0, '.'); import purgemap.lambda_function; print(*sys.modules)"
    command = [sys.executable, "-S", "-B", "-c", code]
    run = subprocess.run(command, cwd=task, env=ENVIRONMENT, capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def test_start_imports_no_tooling(imported: set[str]) -> None:
    roots = {name.partition(".")[0] for name in imported}
    assert roots.isdisjoint({"boto3", "click", "jsonschema", "moto", "pydantic", "rich", "s3transfer", "yaml"})
    assert not [name for name in imported if re.match(rf"purgemap\.({'|'.join(TOOLING)})\b", name)]


def test_start_imports_nothing_that_needs_a_setting(imported: set[str]) -> None:
    assert imported.isdisjoint(ON_DEMAND)


def test_start_imports_known_packages_only(imported: set[str]) -> None:
    roots = {name.partition(".")[0] for name in imported} - sys.stdlib_module_names - {"__main__"}
    assert roots == {"botocore", "dateutil", "jmespath", "purgemap", "six", "urllib3"}


def test_start_imports_no_documentation_writers(imported: set[str]) -> None:
    documentation = {name for name in imported if name.startswith("botocore.docs")}
    assert documentation == {"botocore.docs", "botocore.docs.docstring", "botocore.docs.utils"}
    assert not imported & {"html.parser", "unittest", "doctest", "pydoc"}


def test_start_imports_fewer_than_400_modules(imported: set[str]) -> None:
    assert len(imported) < 400
