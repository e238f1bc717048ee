"""The paths of a map → the routes in service: YAML files, folders of YAML parts, or the compiled document."""

import json
from pathlib import Path
from typing import Any

from purgemap.routes.map_paths import MapPaths, split_paths
from purgemap.routes.problems import MapError, file_error, has_errors
from purgemap.routes.table import COMPILED_VERSION, READABLE_VERSIONS, Routes


def load_routes(paths: MapPaths) -> Routes:
    """Load a map, whatever form it has; raises MapError with every problem of it.

    A compiled document is a JSON object with the key `compiled`; it was checked before it was written.
    """
    first, *others = split_paths(paths)
    document = None if others else _compiled_document(first)
    return Routes(document if document is not None else _compile(paths))


def _compiled_document(path: Path) -> dict[str, Any] | None:
    try:
        data = b"" if path.is_dir() else path.read_bytes()
    except OSError as error:
        raise file_error(str(path), f"can't be read: {error.strerror}") from None
    if not data.startswith(b"{"):
        return None
    try:
        document: dict[str, Any] = json.loads(data)
    except ValueError:
        return None
    if "compiled" in document and document["compiled"] not in READABLE_VERSIONS:
        message = (
            f"compiled as version {document['compiled']}, this is version {COMPILED_VERSION}: "
            "build it again from its YAML with `purgemap build` of this version"
        )
        raise file_error(str(path), message)
    return document if "compiled" in document else None


def _compile(paths: MapPaths) -> dict[str, Any]:
    # Here and not above: a function that serves a compiled map starts without PyYAML and jsonschema.
    from purgemap.routes.compiling import compile_map  # noqa: PLC0415 - imports PyYAML
    from purgemap.routes.validation import read_map  # noqa: PLC0415 - imports PyYAML and jsonschema

    written, problems = read_map(paths)
    if has_errors(problems):
        raise MapError(problems)
    return compile_map(written)
