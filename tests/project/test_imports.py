"""The rooms of the package: faces, cycles, and what the function imports. `make lint` checks the rooms' order."""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from importlib.util import find_spec
from pathlib import Path

import purgemap

PACKAGE = Path(purgemap.__file__).parent
DATA_FOLDERS = {"schemas", "deploy"}
MAX_MODULES, MAX_ENTRIES = 8, 21


def module_name(file: Path) -> str:
    return ".".join(("purgemap", *file.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")


FILES = {module_name(file): file for file in PACKAGE.rglob("*.py")}


def imported_modules(file: Path) -> set[str]:
    """List the package's modules that a file imports, at its top or inside a function."""
    nodes = list(ast.walk(ast.parse(file.read_text())))
    from_imports = [node for node in nodes if isinstance(node, ast.ImportFrom) and node.module]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    for node in from_imports:
        submodules = {f"{node.module}.{alias.name}" for alias in node.names} & FILES.keys()
        names |= submodules or {str(node.module)}
    return names & FILES.keys()


def room(module: str) -> str:
    return module.split(".")[1] if module.count(".") else module


def is_face(module: str) -> bool:
    """Whether outsiders may import a module: a package, or a module at the root."""
    return FILES[module].name == "__init__.py" or module.count(".") == 1


def test_root_holds_few_entries() -> None:
    modules = {file.stem for file in PACKAGE.glob("*.py")} - {"__init__"}
    rooms = {file.parent.name for file in PACKAGE.glob("*/__init__.py")} - DATA_FOLDERS
    assert len(modules) <= MAX_MODULES
    assert len(modules | rooms) <= MAX_ENTRIES


def test_imports_from_another_room_use_its_face() -> None:
    past_the_face = {
        (module, imported)
        for module, file in FILES.items()
        for imported in imported_modules(file)
        if room(module) != room(imported) and not is_face(imported)
    }
    assert past_the_face == set()


def test_module_imports_have_no_cycle() -> None:
    # A package that imports its own module is its face, and no cycle: the module doesn't import the package.
    graph = {module: imported_modules(file) for module, file in FILES.items()}
    assert len(list(TopologicalSorter(graph).static_order())) == len(FILES)


def test_every_package_has_a_docstring() -> None:
    undocumented = [name for name, file in FILES.items() if not ast.get_docstring(ast.parse(file.read_text()))]
    assert undocumented == []


def test_function_imports_nothing_that_only_operators_need() -> None:
    code = "import sys, purgemap.lambda_function; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    for library in (
        "yaml",
        "jsonschema",
        "click",
        "rich",
        "moto",
        "flask",
        "purgemap.demo",
        "purgemap.cli",
        "purgemap.aws.inspection",
        "purgemap.aws.ledger",
        "purgemap.ledger",
    ):
        assert find_spec(library) is not None
        assert library not in loaded
