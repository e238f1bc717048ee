"""The explorer as a process of its own, and requests to it over a real socket."""

import http.client
import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

# The page of the test, and a browser that writes the address that it opens.
_CODE = """
import sys
from pathlib import Path
from purgemap.cli.explore import ExploreSettings
from purgemap.cli.main import purgemap_command
settings = ExploreSettings(Path(sys.argv.pop(1)), Path("opened").write_text, {"DISPLAY": ":0"}, "linux")
sys.exit(purgemap_command(obj=settings, prog_name="purgemap", standalone_mode=False))
"""

SECONDS = 60
"""A limit for what a healthy explorer does at once, also on a busy machine."""


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.body)


class Explorer:
    """A running `purgemap explore`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        assert process.stdout
        self.address = process.stdout.readline().rstrip("\n")
        url = urlsplit(self.address)
        self.host, self.port = str(url.hostname), int(url.port or 0)

    def connect(
        self, path: str, method: str = "GET", body: bytes | None = None, **headers: str
    ) -> http.client.HTTPResponse:
        """Send a request and return the response, its body unread; `_` in a header's name is `-`."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=SECONDS)
        connection.request(method, path, body, {name.replace("_", "-"): text for name, text in headers.items()})
        return connection.getresponse()

    def send(self, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
        with self.connect(path, method, body, **headers) as response:
            return Answer(response.status, dict(response.getheaders()), response.read())

    def end(self, signal_number: int = signal.SIGINT) -> tuple[int, str, str]:
        """Interrupt the explorer; returns its exit code, and what else it printed on stdout and stderr."""
        self.process.send_signal(signal_number)
        out, err = self.process.communicate(timeout=SECONDS)
        return self.process.returncode, out, err


@contextmanager
def running_explorer(page: Path, *arguments: str) -> Iterator[Explorer]:
    """Run `purgemap explore` with a page of the test, in the current folder."""
    command = [sys.executable, "-c", _CODE, str(page), "explore", *arguments]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as process:
        try:
            yield Explorer(process)
        finally:
            process.kill()
