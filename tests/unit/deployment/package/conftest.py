"""The function's zip, built once for all tests of a process."""

import io
import zipfile
from pathlib import Path

import pytest

from purgemap.deployment.package import package_function
from purgemap.routemap import load_map
from support.packages import MAP


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    routes = tmp_path_factory.mktemp("map") / "routes.yaml"
    routes.write_text(MAP)
    return zipfile.ZipFile(io.BytesIO(package_function(load_map(routes)).archive))


@pytest.fixture(scope="session")
def task(archive: zipfile.ZipFile, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Unpack the zip as Lambda does; tests only read the folder."""
    folder = tmp_path_factory.mktemp("task")
    archive.extractall(folder)
    return folder


@pytest.fixture(scope="session")
def ledger_archive(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """Package a map that skips unchanged uploads."""
    routes = tmp_path_factory.mktemp("ledger-map") / "routes.yaml"
    routes.write_text(MAP + "defaults: {skip_unchanged: true}\n")
    return zipfile.ZipFile(io.BytesIO(package_function(load_map(routes)).archive))


@pytest.fixture(scope="session")
def ledger_task(ledger_archive: zipfile.ZipFile, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Unpack the zip of a map that skips unchanged uploads."""
    folder = tmp_path_factory.mktemp("ledger-task")
    ledger_archive.extractall(folder)
    return folder


@pytest.fixture
def map_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Change to a folder with routes.yaml."""
    monkeypatch.chdir(tmp_path)
    Path("routes.yaml").write_text(MAP)
    return tmp_path
