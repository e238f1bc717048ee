"""Byte-code in the zip: of the function's Python, reproducible, with Lambda's paths."""

import re
import sys
import zipfile
from pathlib import Path

import pytest

from purgemap.deployment.package.bytecode import FUNCTION_PYTHON, find_interpreter

needs_function_python = pytest.mark.skipif(find_interpreter() is None, reason="the function's Python isn't here")


@needs_function_python
def test_bytecode_is_the_function_pythons_and_unchecked(archive: zipfile.ZipFile) -> None:
    compiled = [path for path in archive.namelist() if path.endswith(".pyc")]
    assert len(compiled) == sum(path.endswith(".py") for path in archive.namelist())
    tag = "cpython-" + "".join(map(str, FUNCTION_PYTHON))
    assert all(tag in path for path in compiled)
    assert {archive.read(path)[4:8] for path in compiled} == {b"\1\0\0\0"}  # PEP 552: hash-based, unchecked


@needs_function_python
def test_bytecode_names_lambdas_folder_in_tracebacks(archive: zipfile.ZipFile) -> None:
    (path,) = (path for path in archive.namelist() if re.match(r"purgemap/__pycache__/pipeline", path))
    assert b"/var/task/purgemap/pipeline.py" in archive.read(path)


def test_find_interpreter_ignores_a_shim_without_a_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shim = tmp_path / "python3.13"
    shim.write_text("#!/bin/sh\necho 'python3.13: command not found' >&2\nexit 127\n")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    assert find_interpreter() in {None, sys.executable}
