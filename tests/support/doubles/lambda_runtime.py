"""Run a function from its unpacked zip with Lambda's own runtime client, in a process of its own.

This module serves the Runtime API to the client (awslambdaric):
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import contextlib
import json
import queue
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from support.places import ROOT

RUNTIME = ROOT / ".tools/awslambdaric/bin/python"
needs_lambda_runtime = pytest.mark.skipif(
    not RUNTIME.exists(), reason="`make test` installs Lambda's own runtime client, awslambdaric"
)
_API = "/2018-06-01/runtime/"
_POLL_SECONDS = 0.2


class FunctionError(Exception):
    """An error that a function raised, or the end of its process."""


class Function:
    """A running function: like a Lambda execution environment, it handles one invocation at a time."""

    def __init__(self, timeout_seconds: float) -> None:
        self.timeout_seconds = timeout_seconds
        self.log = ""
        self._events: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self._responses: queue.Queue[tuple[str, Any]] = queue.Queue()
        self._deadline_ms = 0
        self.is_running: Callable[[], bool] = lambda: True

    def invoke(self, event: Any, _context: object = None) -> Any:
        """Invoke the function; raises FunctionError for an error, or if its process ends without a response."""
        self._deadline_ms = int((time.time() + self.timeout_seconds) * 1000)
        self._events.put((str(uuid.uuid4()), json.dumps(event).encode()))
        kind, response = self._wait_for_response()
        if kind != "response":
            raise FunctionError(f"{kind}: {response}")
        return response

    def _wait_for_response(self) -> tuple[str, Any]:
        while True:
            is_running = self.is_running()
            with contextlib.suppress(queue.Empty):
                return self._responses.get(timeout=_POLL_SECONDS)
            if not is_running:
                raise FunctionError("the process ended without a response")

    def next_event(self) -> tuple[dict[str, str], bytes]:
        """Wait for the next event of the runtime client."""
        request, event = self._events.get()
        headers = {
            "Lambda-Runtime-Aws-Request-Id": request,
            "Lambda-Runtime-Deadline-Ms": str(self._deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:123456789012:function:purgemap",
        }
        return headers, event

    def add_response(self, kind: str, response: Any) -> None:
        """Add a response that the runtime client posted."""
        self._responses.put((kind, response))


@contextlib.contextmanager
def running_function(
    task_root: Path, handler: str, environment: Mapping[str, str], timeout_seconds: float
) -> Iterator[Function]:
    """Run a function while the block runs, with no environment variable of this process."""
    function = Function(timeout_seconds)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("_Runtime", (_RuntimeApi,), {"function": function}))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    process = subprocess.Popen(
        [str(RUNTIME), "-m", "awslambdaric", handler],
        cwd=task_root,
        env={
            **environment,
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_port}",
            "AWS_LAMBDA_FUNCTION_NAME": "purgemap",
            "LAMBDA_TASK_ROOT": str(task_root),
            "PYTHONDONTWRITEBYTECODE": "1",  # /var/task is read-only
            "NO_PROXY": "127.0.0.1",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    function.is_running = lambda: process.poll() is None
    try:
        yield function
    finally:
        process.kill()
        function.log = process.communicate()[0]
        server.shutdown()
        server.server_close()


class _RuntimeApi(BaseHTTPRequestHandler):
    function: Function
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        headers, event = self.function.next_event()
        self._answer(200, event, headers)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        kind = self.path.removeprefix(_API).rpartition("/")[2]
        kind = "init error" if "init/" in self.path else kind
        self.function.add_response(kind, json.loads(body or b"null"))
        self._answer(202, b"{}", {})

    def _answer(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Type": "application/json", "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  http.server's signature
        """Log no requests."""
