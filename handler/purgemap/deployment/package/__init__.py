"""The function's zip: a compiled map, the modules that serve it and their dependencies, the same bytes every time."""

from purgemap.deployment.package.bytecode import FUNCTION_PYTHON
from purgemap.deployment.package.function_zip import ROUTES_FILE, FunctionPackage, package_function

__all__ = ["FUNCTION_PYTHON", "ROUTES_FILE", "FunctionPackage", "package_function"]
