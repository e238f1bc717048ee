"""Compile Python sources to byte-code of the function's Python, if this computer has that Python.

/var/task is read-only, so a function without byte-code compiles all that it imports at every start. Such a start takes
2.3 to 2.7 times as long (measured).
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from purgemap.errors import PurgemapError

FUNCTION_PYTHON = (3, 13)
"""The Python of the template's function."""

_NAME = "python" + ".".join(map(str, FUNCTION_PYTHON))
_CONDITIONS = f"sys.version_info[:2] == {FUNCTION_PYTHON} and sys.implementation.name == 'cpython'"
# UNCHECKED_HASH (PEP 552): the byte-code holds its source's hash instead of a time, so its bytes are reproducible.
# Python never compares the two, which saves time: files of the zip don't change. Tracebacks show the paths of Lambda.
_COMPILE = (
    "import compileall, py_compile, sys; sys.exit(not compileall.compile_dir('.', quiet=1, force=True, stripdir='.', "
    "prependdir='/var/task', invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH))"
)


def find_interpreter() -> str | None:
    """Find the function's Python: the running one, on the PATH, or under pyenv; None if this computer has none."""
    pyenv = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser()
    commands = [sys.executable, _NAME, *sorted(map(str, pyenv.glob(f"versions/*/bin/{_NAME}")))]
    return next(filter(None, map(_resolve_interpreter, commands)), None)


def _resolve_interpreter(command: str) -> str | None:
    """Return the path of a command's interpreter; None if it is not the function's Python."""
    # Run it rather than trust its name: pyenv puts shims on the PATH for versions that are not installed.
    code = f"import sys; print(sys.executable if {_CONDITIONS} else '')"
    with suppress(OSError, subprocess.CalledProcessError):
        run = subprocess.run([command, "-I", "-c", code], capture_output=True, text=True, check=True)  # noqa: S603  a Python by its name
        return run.stdout.strip() or None
    return None


def compile_sources(sources: Mapping[str, bytes], interpreter: str) -> dict[str, bytes]:
    """Compile the `.py` files among some files; returns byte-code by path, the same bytes each time."""
    with tempfile.TemporaryDirectory(prefix="purgemap-build-") as name:
        folder = Path(name)
        for path, data in sources.items():
            if path.endswith(".py"):
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_bytes(data)
        _compile_folder(folder, interpreter)
        return {file.relative_to(folder).as_posix(): file.read_bytes() for file in sorted(folder.rglob("*.pyc"))}


def _compile_folder(folder: Path, interpreter: str) -> None:
    # A fixed seed: byte-code lists the members of a set in an order that depends on it.
    run = subprocess.run(  # noqa: S603  find_interpreter ran it before
        [interpreter, "-S", "-B", "-c", _COMPILE],
        cwd=folder,
        env={"PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        raise PurgemapError(f"{interpreter} can't compile the function: {(run.stdout + run.stderr).strip()}")
