"""The server's routes: the page's files, and the engine's answers as JSON."""

import json
import re
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from importlib.resources.abc import Traversable
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from purgemap.errors import PurgemapError
from purgemap.events import CREATED
from purgemap.explorer.page_files import INDEX, media_type
from purgemap.explorer.server.request_checks import HEADERS, PLAN_PATH, check_request, served_hosts

MAX_BODY_BYTES = 64 * 1024 * 1024

# Beyond this, a client that sends on is cut off.
_MAX_DISCARDED_BYTES = 1024 * 1024 * 1024
_CHUNK_BYTES = 1024 * 1024

_Document = dict[str, Any]

_FILE_NAME = re.compile(r"\w[\w-]*\.\w+", re.ASCII)
_JSON = "application/json"


class ExplorerCalls(NamedTuple):
    """The engine behind the page. `explain`, `plan` and `status` raise PurgemapError for what they can't answer.

    `status` returns None if the stack does not exist.
    """

    generation: Callable[[], int]
    document: Callable[[], _Document]
    explain: Callable[[str, str], _Document]
    plan: Callable[[bytes, str | None], _Document]
    status: Callable[[], _Document | None]


class PollTimes(NamedTuple):
    """How often the map's files are looked at, and an idle stream of changes is kept alive, in seconds."""

    poll_seconds: float = 0.5
    # A write is also the only way to notice that a page was closed.
    heartbeat_seconds: float = 15


def create_app(calls: ExplorerCalls, page: Traversable, port: int, times: PollTimes | None = None) -> Flask:
    """Return the application for a server on a port of a loopback address; `page` is the folder of the page's files.

    It keeps no state and writes nothing.
    """
    # Flask's own folders are off: they would offer files that nothing here lists.
    app = Flask("purgemap.explorer", static_folder=None, template_folder=None)
    app.debug = False  # whatever FLASK_DEBUG says: debug pages run code that is sent to them
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    hosts = served_hosts(port)

    @app.before_request
    def refuse() -> Response | None:
        refusal = check_request(request.method, request.path, dict(request.headers), hosts)
        return _error(refusal.message, refusal.status) if refusal else None

    @app.after_request
    def add_headers(response: Response) -> Response:
        response.headers.update(HEADERS)
        return response

    _add_page(app, page)
    _add_api(app, calls, times or PollTimes())
    _add_error_handlers(app)
    return app


def _add_page(app: Flask, page: Traversable) -> None:
    @app.get("/")
    def index() -> Response:
        return _file_response(page, INDEX)

    @app.get("/page/<name>")
    def file(name: str) -> Response:
        return _file_response(page, name)


def _add_api(app: Flask, calls: ExplorerCalls, times: PollTimes) -> None:
    @app.get("/api/map")
    def document() -> Response:
        return _json_response(calls.document())

    @app.get("/api/explain")
    def explain() -> Response:
        query = _query()
        if "object" not in query:
            raise PurgemapError("the object is missing; send object=s3://BUCKET/KEY")
        return _json_response(calls.explain(query["object"], query.get("event", CREATED)))

    @app.post(PLAN_PATH)
    def plan() -> Response:
        return _json_response(calls.plan(request.get_data(cache=False), _query().get("bucket") or None))

    @app.get("/api/status")
    def status() -> Response:
        try:
            status = calls.status()
        except PurgemapError as error:
            return _error(str(error), HTTPStatus.BAD_GATEWAY)
        return Response(status=HTTPStatus.NO_CONTENT) if status is None else _json_response(status)

    @app.get("/api/changes")
    def changes() -> Response:
        # Not in the generator: that runs after the headers are sent, and the page reads the map when it has them.
        events = _change_events(calls.generation, calls.generation(), times)
        return Response(events, mimetype="text/event-stream")


def _add_error_handlers(app: Flask) -> None:
    @app.errorhandler(PurgemapError)
    def refuse_input(error: PurgemapError) -> Response:
        return _error(str(error), HTTPStatus.BAD_REQUEST)

    @app.errorhandler(HTTPException)
    def report_status(error: HTTPException) -> Response:
        status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
        if status is HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            _discard_body()
            return _error(f"the text is longer than {MAX_BODY_BYTES // 1024**2} MB; use `purgemap plan`", status)
        return _error(status.phrase, status)


def _discard_body() -> None:
    """Read the body of a request without keeping it: a browser shows the response only after it has sent all."""
    remaining = min(request.content_length or 0, _MAX_DISCARDED_BYTES)
    while remaining > 0:
        chunk = request.environ["wsgi.input"].read(min(remaining, _CHUNK_BYTES))
        remaining = remaining - len(chunk) if chunk else 0


def _query() -> dict[str, str]:
    """Return the query's parameters; raises PurgemapError for one that is not UTF-8."""
    # Flask would replace such bytes by others, and the page would show another key's way.
    try:
        pairs = parse_qsl(request.query_string.decode("ascii"), keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        raise PurgemapError("the query is not UTF-8; encode it as encodeURIComponent does") from None
    return dict(pairs)


def _file_response(page: Traversable, name: str) -> Response:
    type_ = media_type(name) if _FILE_NAME.fullmatch(name) else None
    file = page.joinpath(name)
    if type_ is None or not file.is_file():
        return _error("Not Found", HTTPStatus.NOT_FOUND)
    return Response(file.read_bytes(), content_type=type_)


def _json_response(document: _Document, status: HTTPStatus = HTTPStatus.OK) -> Response:
    # With ASCII only: a key of a log may hold half a surrogate pair, which has no UTF-8.
    return Response(json.dumps(document), status, content_type=_JSON)


def _error(message: str, status: HTTPStatus) -> Response:
    response = _json_response({"error": message}, status)
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        response.headers["Allow"] = "POST" if request.path == PLAN_PATH else "GET"
    return response


def _change_events(generation: Callable[[], int], last_generation: int, times: PollTimes) -> Iterator[str]:
    """Yield a server-sent event for each new generation, and a comment while there is none."""
    yield ": open\n\n"
    silent_since = time.monotonic()
    while True:
        time.sleep(times.poll_seconds)
        current = generation()
        if current != last_generation:
            last_generation, silent_since = current, time.monotonic()
            yield f"data: {json.dumps({'generation': current})}\n\n"
        elif time.monotonic() - silent_since >= times.heartbeat_seconds:
            silent_since = time.monotonic()
            yield ": still here\n\n"
