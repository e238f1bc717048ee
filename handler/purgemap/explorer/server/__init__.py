"""The local page's server: the engine's answers as JSON, on a loopback address only.

A package of its own, since it imports Flask: `purgemap graph` draws without it.
"""

from purgemap.explorer.server.app import ExplorerCalls, PollTimes, create_app
from purgemap.explorer.server.serving import serve
from purgemap.explorer.server.watched_map import WatchedMap

__all__ = ["ExplorerCalls", "PollTimes", "WatchedMap", "create_app", "serve"]
