"""Load a map from its paths: YAML files, folders of YAML parts, or one compiled document."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from purgemap.routemap.compiled import COMPILED_VERSION, READABLE_VERSIONS, RouteMap
from purgemap.routemap.map_paths import MapPaths, split_paths
from purgemap.routemap.problems import MapError, Problem, file_error, has_errors, sorted_unique

if TYPE_CHECKING:
    from purgemap.routemap.parse import MapConfig


def load_map(paths: MapPaths) -> RouteMap:
    """Load a map in either form; raises MapError with all its problems."""
    return load_compiled_map(paths) or RouteMap(_compile(paths))


def load_compiled_map(paths: MapPaths) -> RouteMap | None:
    """Load a map from one compiled document; None for YAML. Raises MapError for an unreadable file or version."""
    path, *others = split_paths(paths)
    document = None if others else _read_document(path)
    return None if document is None else RouteMap(document)


def _read_document(path: Path) -> dict[str, Any] | None:
    try:
        # A folder holds YAML. So does a pipe, which can be read only once.
        if path.is_dir() or path.is_fifo():
            return None
        with path.open("rb") as file:
            # The first byte suffices to leave a large YAML file to its parser.
            data = file.read() if file.peek(1).startswith(b"{") else b""
    except OSError as error:
        raise file_error(str(path), f"can't be read: {error.strerror}") from None
    # YAML in flow style starts with a brace, too, so only the key `compiled` identifies a compiled document.
    try:
        document: dict[str, Any] = json.loads(data)
    except ValueError:
        return None
    if "compiled" in document and document["compiled"] not in READABLE_VERSIONS:
        versions = f"compiled as version {document['compiled']}, this is version {COMPILED_VERSION}"
        raise file_error(str(path), f"{versions}: build it again from its YAML with `purgemap build` of this version")
    return document if "compiled" in document else None


def read_map(paths: MapPaths) -> tuple["MapConfig", tuple[Problem, ...]]:
    """Parse the YAML files of a map and check its rules; returns its valid parts and all problems.

    Raises MapError if a file cannot be read, since the other files may use its names.
    """
    # Imported here, so that a function with a compiled map starts without PyYAML and jsonschema.
    from purgemap.routemap.parse import read_config  # noqa: PLC0415
    from purgemap.routemap.rules import broken_rules  # noqa: PLC0415

    config, problems = read_config(paths)
    return config, sorted_unique([*problems, *broken_rules(config, problems)])


def _compile(paths: MapPaths) -> dict[str, Any]:
    from purgemap.routemap.parse import compile_map  # noqa: PLC0415  see read_map

    config, problems = read_map(paths)
    if has_errors(problems):
        raise MapError(problems)
    return compile_map(config)
