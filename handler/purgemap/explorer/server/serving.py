"""Serve an application on a loopback address until the process is interrupted."""

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from purgemap.errors import PurgemapError

LOOPBACK_ADDRESSES = ("127.0.0.1", "::1")


def serve(*, host: str, port: int, build_app: Callable[[int], Flask], start: Callable[[str], None]) -> None:
    """Serve the application that is built for the port (0: any free one), until Ctrl-C or SIGTERM.

    `start` receives the address as soon as it accepts connections. Raises PurgemapError if the port can't be used.
    """
    if host not in LOOPBACK_ADDRESSES:
        raise PurgemapError(f"{host} is not a loopback address; use {' or '.join(LOOPBACK_ADDRESSES)}")
    with _listen(host, port) as listener, suppress(KeyboardInterrupt), _interrupted_by_sigterm():
        own_port = listener.getsockname()[1]
        # make_server would print and exit if the port is in use, so the socket is our own.
        server = make_server(
            host,
            own_port,
            build_app(own_port),
            threaded=True,
            request_handler=_SilentHandler,
            fd=listener.fileno(),
        )
        start(f"http://{f'[{host}]' if ':' in host else host}:{own_port}/")
        server.serve_forever()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        # Not its strerror, to which Python adds the address once more.
        reason = os.strerror(error.errno or 0)
        raise PurgemapError(f"port {port} of {host} can't be used: {reason}; give another --port") from None


@contextmanager
def _interrupted_by_sigterm() -> Iterator[None]:
    """Turn SIGTERM into KeyboardInterrupt, as Ctrl-C does, while the block runs."""

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    # Python lets only the main thread handle signals.
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


class _SilentHandler(WSGIRequestHandler):
    """A handler that logs neither requests nor bytes that are not HTTP; Flask logs errors of the application."""

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002  werkzeug's signature
        """Log nothing."""
