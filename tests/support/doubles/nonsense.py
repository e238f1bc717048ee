"""An endpoint on loopback that is not AWS: it gives every request the same answer, as a sign-in page does."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import NamedTuple


class Nonsense(NamedTuple):
    """An answer's status, content type and body."""

    status: int
    content_type: str
    body: bytes


@contextmanager
def serve_nonsense(nonsense: Nonsense) -> Iterator[str]:
    """Answer every request while the block runs, and yield the URL."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(nonsense.status)
            self.send_header("Content-Type", nonsense.content_type)
            self.send_header("Content-Length", str(len(nonsense.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(nonsense.body)

        do_GET = do_HEAD = do_POST = do_PUT = answer  # noqa: N815  the names that http.server looks up

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  http.server's signature
            """Keep requests out of the commands' stderr."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
