"""The subjects in folders: the built function, unpacked, and boto3 as a function would package it.

Both run with byte-code, by the function's Python if this computer has it, else by the running one.
"""

import io
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from functools import cache
from importlib import metadata
from pathlib import Path

from bench.workload import EXACT, map_text
from purgemap.deployment.package.bytecode import find_interpreter
from purgemap.deployment.package.function_zip import package_function
from purgemap.routemap.load import load_map
from support.places import TESTS

RIVAL = ("boto3", "botocore", "s3transfer", "jmespath", "python-dateutil", "six", "urllib3")

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "x",
    "AWS_SECRET_ACCESS_KEY": "x",
    "AWS_REGION": "eu-central-1",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "PURGEMAP_ROUTES": "routes.json",
    "PYTHONHASHSEED": "0",
}


@cache
def interpreter() -> str:
    """Find the Python that runs every subject."""
    return find_interpreter() or sys.executable


@cache
def _folder() -> Path:
    # A variable of the process holds the folder, which is deleted when the process ends.
    _folder.holder = tempfile.TemporaryDirectory(prefix="purgemap-bench-")  # type: ignore[attr-defined]
    return Path(_folder.holder.name)  # type: ignore[attr-defined]


@cache
def function(routes: int, bucket: str = EXACT) -> Path:
    """Build the function with a map of so many routes, and unpack it."""
    name = f"{routes}-{'exact' if bucket == EXACT else 'patterns'}"
    folder = _folder() / f"function-{name}"
    source = _folder() / f"routes-{name}.yaml"
    source.write_text(map_text(routes, bucket))
    zipfile.ZipFile(io.BytesIO(package_function(load_map(source)).archive)).extractall(folder)
    if find_interpreter() is None:
        _compile(folder)
    return folder


@cache
def boto3_folder() -> Path:
    """Copy the installed boto3, whole, with what it needs, and compile it."""
    folder = _folder() / "boto3"
    for name in RIVAL:
        for file in metadata.files(name) or ():
            if ".." not in file.parts and "__pycache__" not in file.parts:
                (folder / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(str(file.locate()), folder / file)
    _compile(folder)
    return folder


def _compile(folder: Path) -> None:
    options = ["-q", "--invalidation-mode", "unchecked-hash", "."]
    subprocess.run([interpreter(), "-m", "compileall", *options], cwd=folder, check=True)


def environment(folder: Path) -> dict[str, str]:
    """Return the variables for a program that finds its modules in a folder, and the benchmark's own."""
    return {**ENVIRONMENT, "PYTHONPATH": os.pathsep.join([str(folder), str(TESTS)])}


def run(code: str, folder: Path, *arguments: str, **variables: str) -> tuple[float, str]:
    """Run a program in a folder whose modules it finds first; returns its CPU seconds and what it printed."""
    variables_of_program = {**environment(folder), **variables}
    command = [interpreter(), "-S", "-B", "-c", code, *arguments]
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(command, cwd=folder, env=variables_of_program, stdout=output)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, command)
        output.seek(0)
        return usage.ru_utime + usage.ru_stime, output.read()
