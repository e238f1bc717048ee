"""The map that `build` and `deploy` put in service, and its warnings."""

from purgemap.cli.options import read_map
from purgemap.cli.terminal import Terminal
from purgemap.operations import load_checked_map
from purgemap.routemap import MapPaths, RouteMap


def load_and_warn(routes: MapPaths) -> RouteMap:
    """Read a map that passes `purgemap check`, and print its warnings."""
    sound = read_map(routes, load_checked_map)
    console = Terminal(stderr=True)
    for problem in sound.warnings:
        console.print(str(problem), style="yellow", markup=False)
    return sound.routes
