"""The paths of a map → the map, if all of `purgemap check` is fine with it."""

import json
from pathlib import Path
from typing import NamedTuple

from purgemap.operations.check import check_map
from purgemap.operations.preview import preview_change
from purgemap.routemap import MapError, MapPaths, Problem, RouteMap, has_errors, load_map, split_paths


class CheckedMap(NamedTuple):
    """A map that may go into service, and what is odd about it all the same."""

    routes: RouteMap
    warnings: tuple[Problem, ...]


def load_checked_map(paths: MapPaths) -> CheckedMap:
    """Load a map whose tests pass, too; raises MapError with every problem. A compiled map passed them already."""
    if all(map(_is_compiled, split_paths(paths))):
        return CheckedMap(load_map(paths), ())
    problems = check_map(paths, preview_change).problems
    if has_errors(problems):
        raise MapError(problems)
    return CheckedMap(load_map(paths), problems)


def _is_compiled(path: Path) -> bool:
    try:
        return path.is_file() and "compiled" in json.loads(path.read_bytes())
    except (ValueError, TypeError):
        return False
