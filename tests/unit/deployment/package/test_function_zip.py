"""The function's zip: all that the function needs, little else, and no trace of when and where it was built."""

import json
import os
import re
import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

from purgemap.deployment.package.botocore_trim import LEDGER_OPERATIONS, OPERATIONS
from purgemap.deployment.package.dependencies import DISTRIBUTIONS
from purgemap.deployment.package.source_files import ON_DEMAND, read_source_files
from purgemap.routemap import load_map


def test_zip_entries_are_sorted_readable_and_without_times(archive: zipfile.ZipFile) -> None:
    entries = archive.infolist()
    assert [entry.filename for entry in entries] == sorted({entry.filename for entry in entries})
    headers = {(each.date_time, each.external_attr >> 16, each.create_system, each.compress_type) for each in entries}
    assert headers == {((1980, 1, 1, 0, 0, 0), 0o100644, 3, zipfile.ZIP_DEFLATED)}


def test_zip_stays_below_2_15_megabytes(archive: zipfile.ZipFile) -> None:
    assert sum(entry.compress_size for entry in archive.infolist()) < 2_150_000


def test_zip_of_a_ledger_stays_below_2_25_megabytes(ledger_archive: zipfile.ZipFile) -> None:
    assert sum(entry.compress_size for entry in ledger_archive.infolist()) < 2_250_000


@pytest.mark.usefixtures("map_folder")
def test_zip_holds_the_compiled_map(archive: zipfile.ZipFile) -> None:
    assert json.loads(archive.read("routes.json")) == load_map("routes.yaml").document


def test_zip_runs_alone_with_its_own_modules_only(task: Path) -> None:
    code = (
        "import sys; sys.path.insert(0, '.')\n"
        "from purgemap.lambda_function import build_handler\n"
        "print(build_handler({'PURGEMAP_ROUTES': 'routes.json', 'PURGEMAP_EVENT_BUS': 'site-events'})([]))\n"
        "from purgemap.aws.clients import Aws\n"
        "for service in ('cloudfront', 'events', 'sqs', 'sts'): Aws().client(service)\n"
        "files = {str(getattr(module, '__file__', None)) for module in list(sys.modules.values())}\n"
        "assert not any('site-packages' in file or '/handler/' in file for file in files), files\n"
    )
    run = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", code], cwd=task, capture_output=True, text=True, check=False
    )
    assert (run.stderr, run.returncode) == ("", 0)


def test_zip_with_the_ledger_builds_it_from_its_own_modules(ledger_task: Path) -> None:
    code = (
        "import sys; sys.path.insert(0, '.')\n"
        "from purgemap.lambda_function import build_handler\n"
        "handle = build_handler({'PURGEMAP_ROUTES': 'routes.json', 'PURGEMAP_LEDGER_TABLE': 't'})\n"
        "names = set(sys.modules)\n"
        "handle([])\n"
        "assert {'purgemap.ledger', 'purgemap.aws.ledger'} <= names, 'built as the function starts'\n"
        "files = {str(getattr(module, '__file__', None)) for module in list(sys.modules.values())}\n"
        "assert not any('site-packages' in file or '/handler/' in file for file in files), files\n"
    )
    run = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", code],
        cwd=ledger_task,
        env={"AWS_DEFAULT_REGION": "eu-west-1", "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    # Without credentials no call is made: the function goes on, and would skip nothing.
    assert (run.stderr.count("\n"), run.returncode) == (1, 0)
    assert "table failed: NoCredentialsError" in run.stderr


def test_zip_holds_the_modules_that_the_function_imports() -> None:
    modules = ", ".join(("purgemap.lambda_function", *ON_DEMAND))
    code = f"import sys, {modules}; print(*(name for name in sys.modules if name.startswith('purgemap')))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    names = {path.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for path in read_source_files()}
    assert names == set(loaded)


def test_zip_holds_the_licence_of_each_dependency(archive: zipfile.ZipFile) -> None:
    for name in DISTRIBUTIONS:
        start = f"{name.replace('-', '_')}-{metadata.version(name)}.dist-info/"
        assert any(path.startswith(start) and "LICENSE" in path for path in archive.namelist())


def test_zip_excludes_tests_documentation_and_other_services(archive: zipfile.ZipFile) -> None:
    assert [path for path in archive.namelist() if re.search(r"\btests?/|METADATA|RECORD|examples-1|\.gz$", path)] == []
    services = {path.split("/")[2] for path in archive.namelist() if re.match(r"botocore/data/[^/]+/", path)}
    assert services == OPERATIONS.keys()


def test_zip_has_the_ledger_only_for_maps_that_skip(archive: zipfile.ZipFile, ledger_archive: zipfile.ZipFile) -> None:
    added = {*ledger_archive.namelist()} - {*archive.namelist()}
    assert {*archive.namelist()} <= {*ledger_archive.namelist()}
    services = {path.split("/")[2] for path in added if path.startswith("botocore/")}
    assert services == LEDGER_OPERATIONS.keys()
    assert "purgemap/ledger/__init__.py" in added
