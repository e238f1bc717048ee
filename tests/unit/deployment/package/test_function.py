"""`purgemap build`: one zip, the same bytes every time, with all that the function needs and little else."""

import ast
import base64
import hashlib
import importlib.metadata
import io
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.loaders
import botocore.session
import pytest
from botocore import xform_name
from click.testing import CliRunner

import purgemap
from purgemap.cli.build import build
from purgemap.deployment.package.botocore_trim import OPERATIONS
from purgemap.deployment.package.bytecode import FUNCTION_PYTHON, find_interpreter
from purgemap.deployment.package.dependencies import DISTRIBUTIONS
from purgemap.deployment.package.function import package_function
from purgemap.deployment.package.source_files import read_source_files
from purgemap.errors import PurgemapError
from purgemap.routemap.load import load_map
from purgemap.routemap.problems import MapError

PACKAGE = Path(purgemap.__file__).parent
MAP = """\
version: 1
routes:
  - bucket: acme-www
    distributions: [E2EXAMPLE1ABCD]
tests:
  - object: s3://acme-www/about.html
    expect: {E2EXAMPLE1ABCD: [/about.html]}
"""
needs_function_python = pytest.mark.skipif(find_interpreter() is None, reason="the function's Python isn't here")


@pytest.fixture(autouse=True)
def _in_a_folder_with_a_map(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("routes.yaml").write_text(MAP)


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(build, ["--routes", "routes.yaml", *arguments], standalone_mode=False)
    if result.exception:
        raise result.exception
    return result.return_value, result.output


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    routes = tmp_path_factory.mktemp("map") / "routes.yaml"
    routes.write_text(MAP)
    return zipfile.ZipFile(io.BytesIO(package_function(load_map(routes)).archive))


@pytest.fixture
def unpacked(archive: zipfile.ZipFile, tmp_path: Path) -> Path:
    archive.extractall(tmp_path / "task")
    return tmp_path / "task"


def test_two_clones_give_the_same_bytes(tmp_path: Path) -> None:
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
    status, output = run("--output", "it.zip")
    assert (status, "for arm64 and x86_64" in output) == (0, True)


def test_entries_are_sorted_readable_by_all_and_tell_no_time(archive: zipfile.ZipFile) -> None:
    entries = archive.infolist()
    assert [entry.filename for entry in entries] == sorted({entry.filename for entry in entries})
    told = {(entry.date_time, entry.external_attr >> 16, entry.create_system, entry.compress_type) for entry in entries}
    assert told == {((1980, 1, 1, 0, 0, 0), 0o100644, 3, zipfile.ZIP_DEFLATED)}


def test_it_tells_the_size_the_digest_and_the_versions_of_what_is_inside() -> None:
    status, text = run("--output", "new/it.zip", "--json")
    document, data = json.loads(text), Path("new/it.zip").read_bytes()
    assert (status, document["bytes"], document["sha256"]) == (0, len(data), hashlib.sha256(data).hexdigest())
    versions = {part["name"]: part["version"] for part in document["parts"]}
    assert versions["botocore"] == botocore.__version__
    assert {*DISTRIBUTIONS, "purgemap", "routes.json", "licences"} <= versions.keys()


def test_it_stays_under_two_megabytes_packed(archive: zipfile.ZipFile) -> None:
    assert sum(entry.compress_size for entry in archive.infolist()) < 2_000_000


def test_the_map_inside_is_compiled(archive: zipfile.ZipFile) -> None:
    assert json.loads(archive.read("routes.json")) == load_map("routes.yaml").document


def test_a_compiled_map_builds_to_the_same_bytes() -> None:
    compiled = json.dumps(load_map("routes.yaml").document)
    run("--output", "yaml.zip")
    Path("routes.yaml").write_text(compiled)
    run("--output", "json.zip")
    assert Path("yaml.zip").read_bytes() == Path("json.zip").read_bytes()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [("bucket: acme-www", "buckt"), ("expect: {E2EXAMPLE1ABCD: [/about.html]}", "the test fails")],
)
def test_a_map_that_check_refuses_is_not_built(wrong: str, said: str) -> None:
    Path("routes.yaml").write_text(MAP.replace(wrong, {"buckt": "buckt: acme-www"}.get(said, "expect: {}")))
    with pytest.raises(MapError, match=said):
        run()
    assert not Path("dist").exists()


def test_unpacked_alone_it_runs_and_takes_every_module_from_itself(unpacked: Path) -> None:
    code = (
        "import sys; sys.path.insert(0, '.')\n"
        "from purgemap.lambda_function import build_handler\n"
        "print(build_handler({'PURGEMAP_ROUTES': 'routes.json'})([]))\n"
        "from purgemap.aws.clients import Aws\n"
        "for service in ('cloudfront', 'sqs', 'sts'): Aws().client(service)\n"
        "files = {str(getattr(module, '__file__', None)) for module in list(sys.modules.values())}\n"
        "assert not any('site-packages' in file or '/handler/' in file for file in files), files\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", code], cwd=unpacked, capture_output=True, text=True, check=False
    )
    assert (done.stderr, done.returncode) == ("", 0)


def test_what_goes_in_is_what_the_function_needs_by_its_distributions_own_word() -> None:
    needed, waiting = set(), ["botocore"]
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            required = importlib.metadata.requires(name) or []
            waiting += [re.split(r"[^\w-]", each)[0] for each in required if "extra ==" not in each]
    assert needed == set(DISTRIBUTIONS)


def test_of_this_package_goes_in_what_the_entry_point_imports() -> None:
    code = "import sys, purgemap.lambda_function; print(*(name for name in sys.modules if name.startswith('purgemap')))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    names = {path.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for path in read_source_files()}
    assert names == set(loaded)


def test_each_dependency_brings_its_licence(archive: zipfile.ZipFile) -> None:
    for name in DISTRIBUTIONS:
        start = f"{name.replace('-', '_')}-{importlib.metadata.version(name)}.dist-info/"
        assert any(path.startswith(start) and "LICENSE" in path for path in archive.namelist())


def test_tests_documentation_and_the_data_of_other_services_stay_out(archive: zipfile.ZipFile) -> None:
    assert [path for path in archive.namelist() if re.search(r"\btests?/|METADATA|RECORD|examples-1|\.gz$", path)] == []
    services = {path.split("/")[2] for path in archive.namelist() if re.match(r"botocore/data/[^/]+/", path)}
    assert services == OPERATIONS.keys()


def _calls(files: dict[str, bytes]) -> Iterator[str]:
    for source in files.values():
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                yield node.func.attr


def test_the_described_operations_are_those_that_the_function_calls() -> None:
    loader = botocore.loaders.Loader()
    called = {*_calls(read_source_files()), "assume_role"}  # which botocore calls, for a distribution's role
    for service, kept in OPERATIONS.items():
        operations = loader.load_service_model(service, "service-2")["operations"]
        assert {name for name in operations if xform_name(name) in called} == set(kept)


def _models(data_path: Path | None) -> dict[str, Any]:
    """Load the services' models, as botocore does; from a folder of data only, where one is given."""
    paths = [str(data_path)] if data_path else []
    loader = botocore.loaders.Loader(extra_search_paths=paths, include_default_search_paths=not data_path)
    return {service: loader.load_service_model(service, "service-2") for service in OPERATIONS}


def _resolved(model: dict[str, Any], reference: dict[str, Any], above: tuple[str, ...] = ()) -> Any:
    """Write a shape out with all that it is made of, but for the documentation."""
    name = reference["shape"]
    if name in above:
        return name
    shape = {key: value for key, value in {**model["shapes"][name], **reference}.items() if key != "documentation"}
    for part in ("member", "key", "value"):
        if part in shape:
            shape[part] = _resolved(model, shape[part], (*above, name))
    if "members" in shape:
        shape["members"] = {key: _resolved(model, each, (*above, name)) for key, each in shape["members"].items()}
    return shape


def _described(model: dict[str, Any], operation: str) -> Any:
    described = {key: value for key, value in model["operations"][operation].items() if key != "documentation"}
    for end in ("input", "output"):
        described[end] = _resolved(model, described[end])
    described["errors"] = [_resolved(model, error) for error in described.get("errors", [])]
    return described, model["metadata"], model.get("clientContextParams")


def test_the_operations_are_described_as_upstream_describes_them(unpacked: Path) -> None:
    ours, upstream = _models(unpacked / "botocore/data"), _models(None)
    for service, operations in OPERATIONS.items():
        for operation in operations:
            assert _described(ours[service], operation) == _described(upstream[service], operation)


def test_every_region_has_the_endpoints_that_upstream_gives_it(unpacked: Path) -> None:
    upstream = botocore.loaders.Loader()
    ours = botocore.loaders.Loader(
        extra_search_paths=[str(unpacked / "botocore/data")], include_default_search_paths=False
    )
    for name in ("partitions", "_retry", "sdk-default-configuration"):
        assert ours.load_data(name) == upstream.load_data(name)
    for ours_each, upstream_each in zip(
        ours.load_data("endpoints")["partitions"], upstream.load_data("endpoints")["partitions"], strict=True
    ):
        services = {name: each for name, each in upstream_each.pop("services").items() if name in OPERATIONS}
        assert ours_each.pop("services") == services
        assert ours_each == upstream_each
    for service in OPERATIONS:
        rules = "endpoint-rule-set-1"
        assert ours.load_service_model(service, rules) == upstream.load_service_model(service, rules)


@needs_function_python
def test_byte_code_of_the_functions_python_goes_in_and_is_never_compared_with_its_source(
    archive: zipfile.ZipFile,
) -> None:
    compiled = [path for path in archive.namelist() if path.endswith(".pyc")]
    assert len(compiled) == sum(path.endswith(".py") for path in archive.namelist())
    tag = "cpython-" + "".join(map(str, FUNCTION_PYTHON))
    assert all(tag in path for path in compiled)
    assert {archive.read(path)[4:8] for path in compiled} == {b"\1\0\0\0"}  # PEP 552: hash-based, unchecked


@needs_function_python
def test_tracebacks_name_the_functions_own_folder(archive: zipfile.ZipFile) -> None:
    (path,) = (path for path in archive.namelist() if re.match(r"purgemap/__pycache__/pipeline", path))
    assert b"/var/task/purgemap/pipeline.py" in archive.read(path)


@needs_function_python
def test_people_read_what_is_inside_and_which_python_compiled_the_byte_code() -> None:
    output = run()[1]
    assert f"with byte-code for Python 3.13, compiled by {find_interpreter()}" in output
    assert all(name in output for name in (*DISTRIBUTIONS, "purgemap", "routes.json", "licences", "sha256"))


def test_a_function_python_that_is_a_shim_of_nothing_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shim = tmp_path / "python3.13"
    shim.write_text("#!/bin/sh\necho 'python3.13: command not found' >&2\nexit 127\n")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    assert find_interpreter() in {None, sys.executable}


@pytest.mark.skipif(sys.version_info[:2] == FUNCTION_PYTHON, reason="the running Python is the function's")
def test_without_the_functions_python_it_says_that_there_is_no_byte_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    assert "without byte-code" in run("--output", "it.zip")[1]
    assert not any(path.endswith(".pyc") for path in zipfile.ZipFile("it.zip").namelist())


def _install(folder: Path, name: str, files: dict[str, bytes]) -> None:
    """Lay out an installed distribution, its record written before `files` are."""
    information = folder / f"{name}-9.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 9\n")
    record = []
    for path, data in files.items():
        (folder / path).write_bytes(data)
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        record.append(f"{path},sha256={digest},{len(data)}\n")
    (information / "RECORD").write_text("".join(record))


def test_a_dependency_that_was_altered_since_it_was_installed_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _install(tmp_path / "site", "six", {"six.py": b"as the wheel had it"})
    (tmp_path / "site/six.py").write_bytes(b"as somebody left it")
    monkeypatch.syspath_prepend(tmp_path / "site")
    with pytest.raises(PurgemapError, match=r"six\.py of six was altered"):
        run()


def test_a_dependency_with_machine_code_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _install(tmp_path / "site", "six", {"six.cpython-313-x86_64-linux-gnu.so": b"\x7fELF"})
    monkeypatch.syspath_prepend(tmp_path / "site")
    with pytest.raises(PurgemapError, match="is machine code"):
        run()
