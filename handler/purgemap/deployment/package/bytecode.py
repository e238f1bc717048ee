"""Python sources → byte-code of the function's Python, where this computer has that Python.

/var/task is read-only, so a function without byte-code compiles all that it imports at every start: 2.3 times as long.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from purgemap.errors import PurgemapError

FUNCTION_PYTHON = (3, 13)
"""The Python of the template's function."""

_NAME = "python" + ".".join(map(str, FUNCTION_PYTHON))
_CONDITIONS = f"sys.version_info[:2] == {FUNCTION_PYTHON} and sys.implementation.name == 'cpython'"
# Byte-code that is never compared with its source: its hash says whose it is, and the archive's files never change.
# The paths in it are those of Lambda.
_COMPILE = (
    "import compileall, py_compile, sys; sys.exit(not compileall.compile_dir('.', quiet=1, force=True, stripdir='.', "
    "prependdir='/var/task', invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH))"
)


def find_interpreter() -> str | None:
    """Find the function's Python: the running one, on the PATH, or under pyenv; None if this computer has none."""
    return next((found for found in map(_interpreter, _candidates()) if found), None)


def _candidates() -> Iterator[str]:
    yield sys.executable
    on_path = shutil.which(_NAME)
    if on_path:
        yield on_path
    pyenv = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser()
    yield from sorted(str(each) for each in pyenv.glob(f"versions/*/bin/{_NAME}"))


def _interpreter(command: str) -> str | None:
    """Ask a command for the path of its interpreter: the PATH may hold a shim that only says what isn't installed."""
    code = f"import sys; print(sys.executable if {_CONDITIONS} else '')"
    with suppress(OSError):
        answer = subprocess.run([command, "-I", "-c", code], capture_output=True, text=True, check=False)  # noqa: S603  it is a Python, as its name says
        return answer.stdout.strip() or None if answer.returncode == 0 else None
    return None


def compile_sources(sources: Mapping[str, bytes], interpreter: str) -> dict[str, bytes]:
    """Compile the `.py` files among some files; returns the byte-code by path, the same each time."""
    with tempfile.TemporaryDirectory(prefix="purgemap-build-") as name:
        folder = Path(name)
        for path, data in sources.items():
            if path.endswith(".py"):
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_bytes(data)
        _run(interpreter, folder)
        return {file.relative_to(folder).as_posix(): file.read_bytes() for file in sorted(folder.rglob("*.pyc"))}


def _run(interpreter: str, folder: Path) -> None:
    # Sets in the code are written in an order that depends on the seed.
    command = [interpreter, "-S", "-B", "-c", _COMPILE]
    done = subprocess.run(  # noqa: S603  the interpreter was just asked who it is
        command, cwd=folder, env={"PYTHONHASHSEED": "0"}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise PurgemapError(f"{interpreter} can't compile the function: {(done.stdout + done.stderr).strip()}")
