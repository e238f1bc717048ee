"""Package the function as a zip: the compiled map, the modules that serve it, and the libraries that these import."""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import purgemap
from purgemap.deployment.package.botocore_trim import LEDGER_OPERATIONS, OPERATIONS, trim_botocore
from purgemap.deployment.package.bytecode import compile_sources, find_interpreter
from purgemap.deployment.package.ca_directory import split_certificates
from purgemap.deployment.package.dependencies import Dependency, read_dependencies, read_tested_versions
from purgemap.deployment.package.source_files import LEDGER_MODULES, read_source_files
from purgemap.errors import PurgemapError
from purgemap.planning import FOLDER_COUNTS_FILE, FolderCounts, format_counts
from purgemap.routemap import RouteMap

ROUTES_FILE = "routes.json"
"""The map in the zip; PURGEMAP_ROUTES names it, relative to /var/task, where a function starts."""

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MAX_UNPACKED_BYTES = 250 * 1024 * 1024

# A copy of the system's time zones, the script that makes this copy, and urllib3 in a browser.
_EXCLUDED = (
    "dateutil/zoneinfo/dateutil-zoneinfo.tar.gz",
    "dateutil/zoneinfo/rebuild.py",
    "urllib3/contrib/emscripten/",
)

# Fixed, as file times and the builder's umask would change the zip's bytes.
_EARLIEST_TIME = (1980, 1, 1, 0, 0, 0)
_MODE = 0o100644 << 16  # readable by all: Lambda runs the function as another user than the one that unpacks it
_UNIX = 3


@dataclass(frozen=True, slots=True)
class PackageEntry:
    """A part of the zip: its name and version, its number of files and their bytes before compression.

    `tested_version` is the version that this release was tested with, of a dependency only.
    """

    name: str
    version: str
    files: int
    size: int
    tested_version: str = ""


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

    @property
    def has_folder_counts(self) -> bool:
        """Whether the zip holds the objects of each folder."""
        return any(part.name == FOLDER_COUNTS_FILE for part in self.parts)


def package_function(routes: RouteMap, folder_counts: Mapping[str, FolderCounts] | None = None) -> FunctionPackage:
    """Build the zip; the same map, folder counts, installed distributions and Python give the same bytes.

    `folder_counts` are by distribution id. Nothing in the zip says when the objects were counted.
    """
    dependencies = read_dependencies()
    # Most maps have no ledger: their zip stays small, and their start as it was.
    further_modules, further_operations = (LEDGER_MODULES, LEDGER_OPERATIONS) if routes.skips_unchanged else ((), {})
    operations = {**OPERATIONS, **further_operations}
    modules = {library.name: _required_modules(library, operations) for library in dependencies}
    modules["purgemap"] = read_source_files(*further_modules)
    sources = {path: data for files in modules.values() for path, data in files.items()}
    interpreter = find_interpreter()
    bytecode = compile_sources(sources, interpreter) if interpreter else {}
    licences = {path: data for library in dependencies for path, data in library.licences.items()}
    compiled_map = {ROUTES_FILE: json.dumps(routes.document, separators=(",", ":")).encode()}
    counts = {FOLDER_COUNTS_FILE: format_counts(folder_counts)} if folder_counts else {}
    files = sources | bytecode | licences | compiled_map | counts
    _check_size(files)
    versions = {library.name: library.version for library in dependencies} | {"purgemap": purgemap.__version__}
    tested = read_tested_versions()
    parts = [_package_entry(name, versions[name], modules[name], tested.get(name, "")) for name in sorted(modules)]
    parts += [_package_entry("byte-code", "", bytecode)] if bytecode else []
    parts += [_package_entry("licences", "", licences), _package_entry(ROUTES_FILE, "", compiled_map)]
    parts += [_package_entry(FOLDER_COUNTS_FILE, "", counts)] if counts else []
    return FunctionPackage(_pack(files), tuple(parts), interpreter)


def _required_modules(dependency: Dependency, operations: Mapping[str, Iterable[str]]) -> dict[str, bytes]:
    modules = dependency.modules
    if dependency.name == "botocore":
        # `purgemap.aws.clients` expects the certificates there. A later botocore may have no such file.
        certificates = split_certificates(modules.get("botocore/cacert.pem", b""))
        modules = trim_botocore(modules, operations) | {
            f"botocore/cacert/{name}": data for name, data in certificates.items()
        }
    return {path: data for path, data in modules.items() if not path.startswith(_EXCLUDED)}


def _package_entry(name: str, version: str, files: Mapping[str, bytes], tested_version: str = "") -> PackageEntry:
    return PackageEntry(name, version, len(files), sum(map(len, files.values())), tested_version)


def _check_size(files: Mapping[str, bytes]) -> None:
    size = sum(map(len, files.values()))
    if size > MAX_UNPACKED_BYTES:
        raise PurgemapError(
            f"the function has {size:,} bytes unpacked, and Lambda takes at most {MAX_UNPACKED_BYTES:,}: "
            "split the map over several stacks"
        )


def _pack(files: Mapping[str, bytes]) -> bytes:
    """Zip files by their paths, so that only names and contents decide the bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path in sorted(files):
            entry = zipfile.ZipInfo(path, _EARLIEST_TIME)
            entry.external_attr, entry.create_system = _MODE, _UNIX
            archive.writestr(entry, files[path], zipfile.ZIP_DEFLATED, compresslevel=9)
    return packed.getvalue()
