"""GitLab's API for the comments of a merge request, as far as a pipeline uses it, on loopback."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN, OWN_USER = "glpat-a-token", 7
NOTES = "/api/v4/projects/12/merge_requests/3/notes"

Note = dict[str, Any]


class GitLabNotes(ThreadingHTTPServer):
    """The comments, oldest first; pages are as long as asked for."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.notes: list[Note] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/api/v4"

    def add(self, body: str, user: int) -> None:
        self.notes.append({"id": 100 + len(self.notes), "body": body, "author": {"id": user}})


class _Handler(BaseHTTPRequestHandler):
    server: GitLabNotes

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if url.path == "/api/v4/user":
            self._answer({"id": OWN_USER})
        elif url.path == NOTES:
            options = {key: value for key, (value,) in parse_qs(url.query).items()}
            assert (options["sort"], options["order_by"]) == ("asc", "created_at")
            size = int(options["per_page"])
            first = size * (int(options["page"]) - 1)
            self._answer(self.server.notes[first : first + size])

    def do_POST(self) -> None:
        assert self.path == NOTES
        self.server.add(self._body(), OWN_USER)
        self._answer(self.server.notes[-1])

    def do_PUT(self) -> None:
        place, _, number = self.path.rpartition("/")
        assert place == NOTES
        (note,) = (note for note in self.server.notes if note["id"] == int(number))
        note["body"] = self._body()
        self._answer(note)

    def log_message(self, *_: object) -> None:
        """Print nothing."""

    def _body(self) -> str:
        body: str = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["body"]
        return body

    def _answer(self, document: object) -> None:
        self.send_response(200 if self.headers["PRIVATE-TOKEN"] == TOKEN else 401)
        self.end_headers()
        self.wfile.write(json.dumps(document).encode())


@contextmanager
def serve_notes() -> Iterator[GitLabNotes]:
    with GitLabNotes() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
