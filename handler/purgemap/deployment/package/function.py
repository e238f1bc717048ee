"""A sound map → the function's zip: the map compiled, the modules that serve it, and what these import."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import purgemap
from purgemap.deployment.package.archive import write_archive
from purgemap.deployment.package.bytecode import compile_sources, find_interpreter
from purgemap.deployment.package.dependencies import Dependency, read_dependencies
from purgemap.deployment.package.documentation import strip_documentation
from purgemap.deployment.package.service_data import prune_service_data
from purgemap.deployment.package.source_files import read_source_files
from purgemap.errors import PurgemapError
from purgemap.routemap import RouteMap

ROUTES_FILE = "routes.json"
"""The map in the zip; PURGEMAP_ROUTES names it, relative to /var/task, where a function starts."""

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MAX_UNPACKED_BYTES = 250 * 1024 * 1024

# Who needs them isn't in the zip: a copy of the time zones that the system has, a script that makes this copy, and
# urllib3 in a browser.
_LEFT_OUT = (
    "dateutil/zoneinfo/dateutil-zoneinfo.tar.gz",
    "dateutil/zoneinfo/rebuild.py",
    "urllib3/contrib/emscripten/",
)


@dataclass(frozen=True, slots=True)
class PackageEntry:
    """Something that is in the zip: whose, of which version, how many files and unpacked bytes."""

    name: str
    version: str
    files: int
    size: int


@dataclass(frozen=True, slots=True)
class FunctionPackage:
    """The function's zip; `interpreter` is the Python that compiled its byte-code, None if it has none."""

    archive: bytes = field(repr=False)
    parts: tuple[PackageEntry, ...]
    interpreter: str | None

    @property
    def sha256(self) -> str:
        """The digest that names the zip."""
        return hashlib.sha256(self.archive).hexdigest()


def package_function(routes: RouteMap) -> FunctionPackage:
    """Build the zip; the same map and the same installed distributions give the same bytes."""
    dependencies = read_dependencies()
    modules = {each.name: _modules_of(each) for each in dependencies} | {"purgemap": read_source_files()}
    sources = {path: data for files in modules.values() for path, data in files.items()}
    interpreter = find_interpreter()
    compiled = compile_sources(sources, interpreter) if interpreter else {}
    licences = {path: data for each in dependencies for path, data in each.licences.items()}
    table = {ROUTES_FILE: json.dumps(routes.document, separators=(",", ":")).encode()}
    everything = sources | compiled | licences | table
    _check_size(everything)
    versions = {each.name: each.version for each in dependencies} | {"purgemap": purgemap.__version__}
    parts = [_part(name, versions[name], files) for name, files in sorted(modules.items())]
    parts += [_part("byte-code", "", compiled)] if compiled else []
    parts += [_part("licences", "", licences), _part(ROUTES_FILE, "", table)]
    return FunctionPackage(write_archive(everything), tuple(parts), interpreter)


def _modules_of(dependency: Dependency) -> dict[str, bytes]:
    files = dependency.modules
    if dependency.name == "botocore":
        files = strip_documentation(prune_service_data(files))
    return {path: data for path, data in files.items() if not path.startswith(_LEFT_OUT)}


def _part(name: str, version: str, files: Mapping[str, bytes]) -> PackageEntry:
    return PackageEntry(name, version, len(files), sum(map(len, files.values())))


def _check_size(files: Mapping[str, bytes]) -> None:
    size = sum(map(len, files.values()))
    if size > MAX_UNPACKED_BYTES:
        raise PurgemapError(f"the function comes to {size:,} bytes unpacked, and Lambda takes {MAX_UNPACKED_BYTES:,}")
