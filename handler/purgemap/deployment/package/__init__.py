"""A map and the installed, locked distributions → the function's zip, byte for byte the same every time."""

from purgemap.deployment.package.bytecode import FUNCTION_PYTHON
from purgemap.deployment.package.function import ROUTES_FILE, FunctionPackage, package_function

__all__ = [
    "FUNCTION_PYTHON",
    "ROUTES_FILE",
    "FunctionPackage",
    "package_function",
]
