"""The function's entry point → the modules of this package that it imports as it starts."""

import ast
from collections.abc import Iterator
from pathlib import Path

import purgemap

ENTRY_POINT = "purgemap.lambda_function"
_ROOT = Path(purgemap.__file__).parent.parent


def read_source_files() -> dict[str, bytes]:
    """Read the entry point and all that it imports of this package, by paths as in site-packages.

    What a function imports only when it is called stays out: that is how a map is checked that wasn't compiled.
    """
    files: dict[str, bytes] = {}
    pending = [ENTRY_POINT]
    while pending:
        module = pending.pop()
        path = _path(module)
        if path is not None and path not in files:
            files[path] = (_ROOT / path).read_bytes()
            pending += _imports(files[path], module)
    return files


def _path(module: str) -> str | None:
    """Find a module's file; None for a name that is no module, such as a function that is imported."""
    start = module.replace(".", "/")
    return next((path for path in (f"{start}/__init__.py", f"{start}.py") if (_ROOT / path).is_file()), None)


def _imports(source: bytes, module: str) -> Iterator[str]:
    """Yield what the module imports at its top level, and the packages around it; and names that may be modules."""
    if "." in module:
        yield module.rpartition(".")[0]
    for node in ast.parse(source).body:
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name.startswith("purgemap."))
        elif isinstance(node, ast.ImportFrom) and str(node.module).partition(".")[0] == "purgemap":
            yield str(node.module)
            yield from (f"{node.module}.{name.name}" for name in node.names)
