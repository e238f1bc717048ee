"""The installed distributions that the function imports → their files, as the wheels had them.

They were chosen by the lock file and checked against its hashes when they were installed; each file is checked again
here, against the hashes that its wheel brought. So a build needs no network and no lock file at hand.
"""

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata

from purgemap.errors import PurgemapError

DISTRIBUTIONS = ("botocore", "jmespath", "python-dateutil", "six", "urllib3")
"""What `purgemap.lambda_function` imports, directly and not; PyYAML and jsonschema only serve maps not yet compiled."""

_MACHINE_CODE = re.compile(r"\.(so|pyd|dylib|dll)(\.|$)")
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
        """What its authors ask to be passed on."""
        return {path: data for path, data in self.files.items() if _LICENCE.search(path)}


def read_dependencies() -> tuple[Dependency, ...]:
    """Read what the function needs; raises PurgemapError where it isn't installed as its wheel had it."""
    return tuple(_read(name) for name in DISTRIBUTIONS)


def _read(name: str) -> Dependency:
    try:
        found = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        raise PurgemapError(f"{name} isn't installed, and the function needs it: pip install purgemap") from None
    files = dict(_files(name, found))
    if not files:
        raise PurgemapError(f"{name} was installed without a record of its files; install it with pip or uv")
    return Dependency(name, found.version, files)


def _files(name: str, found: metadata.Distribution) -> Iterator[tuple[str, bytes]]:
    """Yield what the wheel recorded a hash for: neither byte-code that this computer wrote, nor scripts."""
    for file in found.files or ():
        path = file.as_posix()
        if file.hash is None or path.startswith(".."):
            continue
        if _MACHINE_CODE.search(path):
            raise PurgemapError(f"{path} of {name} is machine code, and the function may run on other machines")
        data = file.read_binary()
        if _digest(file.hash.mode, data) != file.hash.value:
            raise PurgemapError(f"{path} of {name} was altered since it was installed; install {name} again")
        yield path, data


def _digest(algorithm: str, data: bytes) -> str:
    """Spell a digest as wheels do: https://packaging.python.org/en/latest/specifications/binary-distribution-format/."""
    return base64.urlsafe_b64encode(hashlib.new(algorithm, data).digest()).rstrip(b"=").decode()
