"""Read the installed distributions that the function imports, file by file as their wheels had them.

Each file is checked against the hashes that its wheel recorded, so a build needs no network. The lock file in the
package has the versions that this release was tested with; an installation may have others, such as later ones.
"""

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from importlib.resources import files

from purgemap.errors import PurgemapError

# PyYAML and jsonschema are missing on purpose: only maps that are not compiled need them.
DISTRIBUTIONS = ("botocore", "jmespath", "python-dateutil", "six", "urllib3")
"""The distributions that `purgemap.lambda_function` imports, directly or indirectly."""

# The function may run on another machine than the one that builds it, an arm64 one by default.
_MACHINE_CODE = re.compile(r"\.(so|pyd|dylib|dll)(\.|$)")
_LOCKED = re.compile(r"^([a-z0-9-]+)==([^ ;]+)", re.MULTILINE)
_LICENCE = re.compile(r"\.dist-info/(licenses/)?(LICEN[CS]E|NOTICE|COPYING|AUTHORS)[^/]*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Dependency:
    """An installed distribution: its name, its version, and its files by their paths below site-packages."""

    name: str
    version: str
    files: Mapping[str, bytes]

    @property
    def modules(self) -> dict[str, bytes]:
        """The files of its packages and modules, data included."""
        return {path: data for path, data in self.files.items() if ".dist-info/" not in path}

    @property
    def licences(self) -> dict[str, bytes]:
        """The files that its licence requires to be passed on."""
        return {path: data for path, data in self.files.items() if _LICENCE.search(path)}


def read_dependencies() -> tuple[Dependency, ...]:
    """Read the function's dependencies; raises PurgemapError if one is missing, altered or machine code."""
    return tuple(map(_read_dependency, DISTRIBUTIONS))


def read_tested_versions() -> dict[str, str]:
    """Read the version of each dependency that this release was tested with."""
    return dict(_LOCKED.findall(files("purgemap.deploy").joinpath("requirements.lock").read_text("utf-8")))


def _read_dependency(name: str) -> Dependency:
    try:
        distribution = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        raise PurgemapError(f"{name} is not installed, but the function imports it; pip install purgemap") from None
    contents = dict(_read_files(name, distribution))
    if not contents:
        raise PurgemapError(f"{name} was installed without a record of its files; install it with pip or uv")
    return Dependency(name, distribution.version, contents)


def _read_files(name: str, distribution: metadata.Distribution) -> Iterator[tuple[str, bytes]]:
    for file in distribution.files or ():
        path = file.as_posix()
        # Byte-code that this computer compiled has no hash, and scripts are outside of site-packages.
        if file.hash is None or path.startswith(".."):
            continue
        if _MACHINE_CODE.search(path):
            raise PurgemapError(f"{path} of {name} is machine code, and the function may run on other machines")
        data = file.read_binary()
        if _digest(file.hash.mode, data) != file.hash.value:
            raise PurgemapError(f"{path} of {name} was altered since it was installed; install {name} again")
        yield path, data


def _digest(algorithm: str, data: bytes) -> str:
    # The spelling of wheels: https://packaging.python.org/en/latest/specifications/binary-distribution-format/
    return base64.urlsafe_b64encode(hashlib.new(algorithm, data).digest()).rstrip(b"=").decode()
