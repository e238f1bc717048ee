"""The paths of a map → the map, if all of `purgemap check` is fine with it."""

import json
from pathlib import Path
from typing import NamedTuple

from purgemap.checking import check_map
from purgemap.preview import invalidations_of
from purgemap.routes.loading import load_routes
from purgemap.routes.map_paths import MapPaths, split_paths
from purgemap.routes.problems import MapError, Problem, has_errors
from purgemap.routes.table import Routes


class SoundMap(NamedTuple):
    """A map that may go into service, and what is odd about it all the same."""

    routes: Routes
    warnings: tuple[Problem, ...]


def load_sound(paths: MapPaths) -> SoundMap:
    """Load a map whose tests pass, too; raises MapError with every problem. A compiled map passed them already."""
    if all(map(_is_compiled, split_paths(paths))):
        return SoundMap(load_routes(paths), ())
    problems = check_map(paths, invalidations_of).problems
    if has_errors(problems):
        raise MapError(problems)
    return SoundMap(load_routes(paths), problems)


def _is_compiled(path: Path) -> bool:
    try:
        return path.is_file() and "compiled" in json.loads(path.read_bytes())
    except (ValueError, TypeError):
        return False
