"""`purgemap build`: the same bytes every time, and a description of the zip."""

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import botocore
import pytest
from rich.console import Console

import purgemap
from purgemap.cli.build import show_package_notes
from purgemap.deployment.package.bytecode import FUNCTION_PYTHON, find_interpreter
from purgemap.deployment.package.dependencies import DISTRIBUTIONS
from purgemap.deployment.package.function_zip import FunctionPackage, PackageEntry
from purgemap.routemap import MapError, load_map
from support.packages import MAP, run_build

PACKAGE = Path(purgemap.__file__).parent
pytestmark = pytest.mark.usefixtures("map_folder")


def test_build_gives_the_same_bytes_in_two_clones(tmp_path: Path) -> None:
    digests = {_build_in(_clone(tmp_path / name)) for name in ("one", "another-with-a-longer-path")}
    assert len(digests) == 1


def _clone(folder: Path) -> Path:
    shutil.copytree(PACKAGE, folder / "purgemap", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "routes.yaml").write_text(MAP)
    return folder


def _build_in(folder: Path) -> str:
    code = "import sys; from purgemap.cli.main import main; sys.exit(main())"
    subprocess.run(
        [sys.executable, "-c", code, "build", "--routes", "routes.yaml", "--output", "it.zip"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        check=True,
        capture_output=True,
    )
    return hashlib.sha256((folder / "it.zip").read_bytes()).hexdigest()


def test_build_names_both_architectures() -> None:
    assert "for arm64 and x86_64" in run_build("--output", "it.zip")


def test_build_gives_the_same_bytes_for_a_compiled_map() -> None:
    compiled = json.dumps(load_map("routes.yaml").document)
    run_build("--output", "yaml.zip")
    Path("routes.yaml").write_text(compiled)
    run_build("--output", "json.zip")
    assert Path("yaml.zip").read_bytes() == Path("json.zip").read_bytes()


def test_build_prints_size_digest_and_versions_as_json() -> None:
    document, data = json.loads(run_build("--output", "new/it.zip", "--json")), Path("new/it.zip").read_bytes()
    assert (document["bytes"], document["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
    versions = {part["name"]: part["version"] for part in document["parts"]}
    assert versions["botocore"] == botocore.__version__
    assert {*DISTRIBUTIONS, "purgemap", "routes.json", "licences"} <= versions.keys()
    tested = {part["name"]: part["tested_version"] for part in document["parts"] if part["tested_version"]}
    assert tested == {name: versions[name] for name in DISTRIBUTIONS}


@pytest.mark.parametrize(
    ("text", "replacement", "message"),
    [
        ("bucket: acme-www", "buckt: acme-www", "buckt"),
        ("expect: {E2EXAMPLE1ABCD: [/about.html]}", "expect: {}", "the test fails"),
    ],
)
def test_build_refuses_a_map_that_check_refuses(text: str, replacement: str, message: str) -> None:
    Path("routes.yaml").write_text(MAP.replace(text, replacement))
    with pytest.raises(MapError, match=message):
        run_build()
    assert not Path("dist").exists()


@pytest.mark.skipif(find_interpreter() is None, reason="the function's Python isn't here")
def test_build_prints_the_parts_and_the_compiling_python() -> None:
    output = run_build()
    assert f"with byte-code for Python 3.13, compiled by {find_interpreter()}" in output
    assert all(name in output for name in (*DISTRIBUTIONS, "purgemap", "routes.json", "licences", "sha256"))


def test_build_names_other_than_tested_versions() -> None:
    parts = (PackageEntry("six", "1.16.0", 1, 1, "1.17.0"), PackageEntry("urllib3", "2.8.0", 1, 1, "2.8.0"))
    console = Console(file=io.StringIO(), width=200)
    show_package_notes(FunctionPackage(b"", parts, "python3.13"), console)
    note = "not the tested versions: six 1.16.0, not 1.17.0; for those: pip install six==1.17.0\n"
    assert console.file.getvalue() == note  # type: ignore[attr-defined]


@pytest.mark.skipif(sys.version_info[:2] == FUNCTION_PYTHON, reason="the running Python is the function's")
def test_build_reports_missing_byte_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    assert "without byte-code" in run_build("--output", "it.zip")
    assert not any(path.endswith(".pyc") for path in zipfile.ZipFile("it.zip").namelist())
