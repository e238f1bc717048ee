"""Serve the patched moto on a loopback port of this process."""

import contextlib
import functools
import logging
import os
import threading
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

from moto.moto_api._internal.models import moto_api_backend
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from purgemap.demo import moto_patches

LOOPBACK = "127.0.0.1"
REGION = "us-east-1"


@contextlib.contextmanager
def serve(port: int) -> Iterator[str]:
    """Serve an empty AWS on a port (0: any free one) while the block runs, and yield its URL.

    moto's state belongs to the process, so only one embedded AWS can run at a time.
    """
    moto_patches.apply()
    moto_api_backend.reset()
    server = make_server(LOOPBACK, port, _application(), threaded=True, request_handler=_QuietHandler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="embedded AWS", daemon=True)
    thread.start()
    try:
        yield f"http://{LOOPBACK}:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextlib.contextmanager
def isolated_aws_environment(endpoint_url: str) -> Iterator[dict[str, str]]:
    """Point every AWS client of this process at the endpoint, with credentials that only it accepts.

    The caller's profile, configuration and proxy are left out, so that no client can reach a real account.
    """
    environment = {
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "embedded",
        "AWS_SECRET_ACCESS_KEY": "embedded",
    }
    isolation = {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": LOOPBACK,
        "no_proxy": LOOPBACK,  # takes precedence over NO_PROXY
    }
    # Proxy variables in small letters take precedence over those in capitals.
    unrelated = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "MOTO_")) and not name.lower().endswith("_proxy")
    }
    with mock.patch.dict(os.environ, unrelated | environment | isolation, clear=True):
        yield environment


@functools.cache
def _application() -> "_Dispatcher":
    # Cached: it has no state, and takes long to create.
    return _Dispatcher(create_backend_app)


class _Dispatcher(DomainDispatcherApplication):
    """moto's dispatcher, with each host's service cached."""

    # moto lists the folders of its package for every request, which takes a third of its time.
    def __init__(self, create_app: Callable[[Any], Any]) -> None:
        super().__init__(create_app)
        self._services: dict[str | None, Any] = {}

    def get_backend_for_host(self, host: str | None) -> Any:
        if host not in self._services:
            self._services[host] = super().get_backend_for_host(host)
            # Under the dispatcher's lock, and before the first request reaches the service.
            if self._services[host] == "cloudformation":
                moto_patches.apply_to_cloudformation()
        return self._services[host]


class _QuietHandler(MotoRequestHandler):
    """A handler that logs requests at DEBUG: the terminal belongs to the demo's output."""

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002  werkzeug's signature
        logging.getLogger(__name__).debug("%s " + message, type, *args)  # noqa: G003  werkzeug's format string
