"""The map that `build` and `deploy` put in service, and its warnings."""

from purgemap.building.sound_map import load_sound
from purgemap.cli.options import read_map
from purgemap.cli.terminal import Terminal
from purgemap.routes.map_paths import MapPaths
from purgemap.routes.table import Routes


def read_sound_map(routes: MapPaths) -> Routes:
    """Read a map that passes `purgemap check`, and print its warnings."""
    sound = read_map(routes, load_sound)
    console = Terminal(stderr=True)
    for problem in sound.warnings:
        console.print(str(problem), style="yellow", markup=False)
    return sound.routes
