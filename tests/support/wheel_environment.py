"""An environment with nothing but the wheel and what it declares to need, made without a network.

pip installs the wheel. The distributions that it requires, and no others, are linked from the running environment,
which has them in the versions of the lock file.
"""

import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from support.places import ROOT

_SOURCES = ("deploy", "handler", "schemas", "LICENSE", "README.md", "pyproject.toml")


class InstalledCommand(NamedTuple):
    """The command of an environment, and the folder in which it runs."""

    path: Path
    folder: Path

    def run(self, *arguments: str, variables: Mapping[str, str] | None = None, exit_code: int = 0) -> str:
        """Run the command with these environment variables only; returns its output, else its errors."""
        # Home is the folder, too: no settings of this computer count.
        environment = {"PATH": os.defpath, "HOME": str(self.folder), "LC_ALL": "C.UTF-8", **(variables or {})}
        command = [str(self.path), *arguments]
        run = subprocess.run(command, cwd=self.folder, env=environment, check=False, capture_output=True, text=True)
        assert run.returncode == exit_code, (arguments, run.stdout, run.stderr)
        return run.stdout or run.stderr


def build_wheel(folder: Path) -> Path:
    """Build the source archive, and the wheel from the source archive; returns the wheel."""
    sources = folder / "sources"
    sources.mkdir()
    for name in _SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, sources / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(ROOT / name, sources)
    _run_module("build", "--no-isolation", "--outdir", str(folder / "dist"), str(sources))
    (wheel,) = (folder / "dist").glob("*.whl")
    return wheel


def make_environment(folder: Path, wheel: Path, *extras: str) -> Path:
    """Install the wheel and the distributions that it requires with these extras; returns the command."""
    venv.create(folder, symlinks=True)
    executable = folder / "bin/python"
    _run_module("pip", "--python", str(executable), "install", "--quiet", "--no-index", "--no-deps", str(wheel))
    (site_packages,) = (folder / "lib").glob("python*/site-packages")
    (installed,) = metadata.distributions(name="purgemap", path=[str(site_packages)])
    for distribution in _required_distributions(installed, *extras).values():
        _link(distribution, site_packages)
    return executable.with_name("purgemap")


def _run_module(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", *arguments], check=True, stdout=subprocess.DEVNULL)


def _required_distributions(distribution: metadata.Distribution, *extras: str) -> Mapping[str, metadata.Distribution]:
    """Return the requirements of a distribution, and theirs, by name."""
    required: dict[str, metadata.Distribution] = {}
    pending = list(_requirements(distribution, extras))
    while pending:
        requirement = pending.pop()
        name = canonicalize_name(requirement.name)
        if name not in required:
            required[name] = metadata.distribution(name)
            pending += _requirements(required[name], requirement.extras)
    return required


def _requirements(distribution: metadata.Distribution, extras: tuple[str, ...] | set[str]) -> Iterator[Requirement]:
    for requirement in map(Requirement, distribution.requires or ()):
        if not requirement.marker or any(requirement.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            yield requirement


def _link(distribution: metadata.Distribution, site_packages: Path) -> None:
    for name in {file.parts[0] for file in distribution.files or ()} - {"..", "__pycache__"}:
        if not (site_packages / name).exists():
            (site_packages / name).symlink_to(Path(str(distribution.locate_file(name))))
