"""`purgemap explore`: show the map in a browser, with the way of an object and the plan of a deploy."""

import os
import sys
import threading
import webbrowser
from collections.abc import Callable, Mapping
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from purgemap.cli.options import routes_option, stack_name_option
from purgemap.cli.status import read_status_document
from purgemap.cli.terminal import print_line
from purgemap.errors import PurgemapError
from purgemap.routemap import split_paths

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

# The server imports Flask, so it is imported in functions: without the extra `explore` this command names what to
# install.
# ruff: noqa: PLC0415

_MAX_PORT = 65_535

# The page shows the stack's queues; those that options name are for `purgemap status`.
_STATUS_DEFAULTS = {"queue_url": None, "dead_letter_queue_url": None, "metrics_namespace": None}


class ExploreSettings(NamedTuple):
    """The settings that a test passes as click's `obj`; environment and platform decide whether there is a screen."""

    page: "Traversable | None" = None
    open_browser: Callable[[str], Any] = webbrowser.open
    environment: Mapping[str, str] = os.environ
    platform: str = sys.platform


@click.command(short_help="Show the map, an object's way and a deploy's plan in a browser.")
@click.option(
    "--host",
    type=click.Choice(["127.0.0.1", "::1"]),
    default="127.0.0.1",
    show_default=True,
    help="The loopback address to serve on.",
)
@click.option(
    "--port", type=click.IntRange(0, _MAX_PORT), default=0, show_default=True, help="The port; 0 is any free one."
)
@click.option("--no-browser", is_flag=True, help="Only print the address.")
@stack_name_option
@routes_option
@click.pass_obj
def explore(
    settings: ExploreSettings | None, /, *, stack_name: str, routes: tuple[str, ...], no_browser: bool, **listening: Any
) -> int:
    """Serve a page for this computer only: the map as a picture, an object's way to its items, a deploy's plan.

    It follows the map's files, also with errors. It reads the stack's queues, as `status` does, when you open them.
    Changes nothing. Ends with Ctrl-C.
    """
    if find_spec("flask") is None:
        raise PurgemapError("the page needs Flask, which is not installed: pip install 'purgemap[explore]'")
    from purgemap.explorer import page_folder, read_page_files
    from purgemap.explorer.server import ExplorerCalls, WatchedMap, create_app, serve

    settings = settings or ExploreSettings()
    page = settings.page or page_folder()
    # These checks come before the server starts: afterwards an error would be a page that never opens.
    _check_no_pipe(routes)
    read_page_files(page)
    watched = WatchedMap(routes)
    status_options = {**_STATUS_DEFAULTS, "stack_name": stack_name}
    calls = ExplorerCalls(
        watched.generation,
        watched.document,
        watched.explain,
        watched.plan,
        lambda: read_status_document(status_options, watched.route_map()),
    )
    start = partial(_start, settings=settings, no_browser=no_browser)
    serve(build_app=lambda own_port: create_app(calls, page, own_port), start=start, **listening)
    return 0


def _check_no_pipe(routes: tuple[str, ...]) -> None:
    for path in split_paths(routes):
        if path.is_fifo():
            raise PurgemapError(f"{path} is a pipe, which can be read only once; name a file")


def _start(address: str, settings: ExploreSettings, *, no_browser: bool) -> None:
    """Print the address, and open it if there is a screen to open it on."""
    print_line(address)
    if no_browser or not has_screen(settings.environment, settings.platform):
        return
    # In a thread: some browsers return only when they are closed.
    threading.Thread(target=settings.open_browser, args=(address,), name="browser", daemon=True).start()


def has_screen(environment: Mapping[str, str], platform: str) -> bool:
    """Return whether a browser that this process opens can be seen."""
    # BROWSER names a program that finds its own screen, as in an editor's remote terminal.
    if environment.get("BROWSER") or environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"):
        return True
    return platform in {"darwin", "win32"} and not environment.get("SSH_CONNECTION")
