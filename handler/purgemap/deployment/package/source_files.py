"""Find the modules of this package that the function imports as it starts."""

import ast
from collections.abc import Iterator
from pathlib import Path

import purgemap

ENTRY_POINT = "purgemap.lambda_function"
ON_DEMAND = ("purgemap.aws.event_bus", "purgemap.completion_events")
"""The modules that a function imports only with a setting: those of the completion events."""

_ROOT = Path(purgemap.__file__).parent.parent
LEDGER_MODULES = ("purgemap.ledger", "purgemap.aws.ledger")
"""The modules that the entry point imports only for a map with `skip_unchanged`."""


def read_source_files(*further_modules: str) -> dict[str, bytes]:
    """Read the entry point, further modules and all that they import, by their paths below site-packages.

    Of function-level imports only ON_DEMAND is included: the others are needed only for maps that are not compiled.
    """
    files: dict[str, bytes] = {}
    # The zip is built before the stack's parameters are known, so it has these modules in any case.
    pending = [ENTRY_POINT, *ON_DEMAND, *further_modules]
    while pending:
        module = pending.pop()
        path = _find_file(module)
        if path is not None and path not in files:
            files[path] = (_ROOT / path).read_bytes()
            pending += _imported_names(files[path], module)
    return files


def _find_file(module: str) -> str | None:
    """Find a module's file; None for the name of a function or class that is imported from a module."""
    start = module.replace(".", "/")
    return next((path for path in (f"{start}/__init__.py", f"{start}.py") if (_ROOT / path).is_file()), None)


def _imported_names(source: bytes, module: str) -> Iterator[str]:
    """Yield the names of purgemap that a module imports at its top level; some of them may be no modules."""
    if "." in module:
        yield module.rpartition(".")[0]  # Python imports a module's package first
    for node in ast.parse(source).body:
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name.startswith("purgemap."))
        elif isinstance(node, ast.ImportFrom) and str(node.module).partition(".")[0] == "purgemap":
            yield str(node.module)
            yield from (f"{node.module}.{name.name}" for name in node.names)
