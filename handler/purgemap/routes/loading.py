"""A path → the routes in service: a YAML file, a folder of YAML parts, or the compiled document."""

import json
from pathlib import Path
from typing import Any

from purgemap.routes.problems import MapError, file_error, has_errors
from purgemap.routes.table import COMPILED_VERSION, READABLE_VERSIONS, Routes


def load_routes(path: Path | str) -> Routes:
    """Load a map, whatever form it has; raises MapError with every problem of it.

    A compiled document is a JSON object with the key `compiled`; it was checked before it was written.
    """
    path = Path(path)
    document = _compiled_document(path)
    return Routes(document if document is not None else _compile(path))


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


def _compile(path: Path) -> dict[str, Any]:
    # Here and not above: a function that serves a compiled map starts without PyYAML and jsonschema.
    from purgemap.routes.compiling import compile_map  # noqa: PLC0415 - imports PyYAML
    from purgemap.routes.validation import read_map  # noqa: PLC0415 - imports PyYAML and jsonschema

    written, problems = read_map(path)
    if has_errors(problems):
        raise MapError(problems)
    return compile_map(written)
