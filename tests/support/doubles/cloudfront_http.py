"""The double on loopback: CloudFront's REST API for a real boto3, through AWS_ENDPOINT_URL or endpoint_url."""

import re
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import MappingProxyType, TracebackType
from typing import Final, NamedTuple, Self
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import uuid4

from support.doubles.cloudfront import ACCOUNT, MAX_PAGE, Caller, CloudFrontDouble, ConnectionCutError, ServiceError
from support.doubles.cloudfront_xml import parse_batch, render_error, render_invalidation, render_page
from support.doubles.nonsense import Nonsense

_ROUTE: Final = re.compile(
    r"/2020-05-31/(?P<kind>distribution|distribution-tenant)/(?P<id>[^/]+)/invalidation(?:/(?P<invalidation>[^/]+))?"
)

# What belongs to a connection, or is written by the server itself: https://www.rfc-editor.org/rfc/rfc9110#name-connection
_NOT_FORWARDED: Final = {"connection", "content-length", "date", "server", "transfer-encoding"}

# Signature Version 4 names the key id first:
# https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-auth-using-authorization-header.html
_KEY_ID: Final = re.compile(r"Credential=([^/,]+)/")


class _Answer(NamedTuple):
    status: int
    document: bytes
    location: str = ""


class CloudFrontServer:
    """A context manager; `url` is the endpoint while it is open.

    `callers` returns the caller of an access key id, None for an unknown one; every key is ACCOUNT's by default. Give
    the double `wait=time.sleep` if its faults have delays. `others` is the endpoint of all other services, for clients
    with one AWS_ENDPOINT_URL. `nonsense` holds answers that AWS would not give, by a text in a request's path or body.
    """

    def __init__(
        self,
        double: CloudFrontDouble,
        callers: Callable[[str], Caller | None] = lambda _: Caller(ACCOUNT),
        others: str = "",
        nonsense: Mapping[str, Nonsense] = MappingProxyType({}),
    ) -> None:
        self._server = _Server(double, callers, others)
        self._server.nonsense = nonsense
        # A shutdown may take as long as the interval; the default of half a second would slow every test.
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, double: CloudFrontDouble, callers: Callable[[str], Caller | None], others: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.double = double
        self.callers = callers
        self.others = others
        self.nonsense: Mapping[str, Nonsense] = {}
        self._open: set[socket.socket] = set()

    def process_request(self, request: object, client_address: object) -> None:
        """Record the connection: it must be ended when the server closes."""
        assert isinstance(request, socket.socket)
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: object) -> None:
        assert isinstance(request, socket.socket)
        self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        super().server_close()
        for connection in self._open.copy():
            _cut(connection)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # kept alive, as botocore's pool expects
    disable_nagle_algorithm = True  # head and body are two writes: the second would wait 40 ms for the client's ACK
    server: _Server

    def handle(self) -> None:
        with suppress(ConnectionError):  # a client may close its connection at any time
            super().handle()

    def do_GET(self) -> None:
        self._handle(self._read)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        for text, nonsense in self.server.nonsense.items():
            if text in self.path or text.encode() in body:
                self._send(_Answer(nonsense.status, nonsense.body), str(uuid4()), nonsense.content_type)
                return
        if self.server.others and not self.path.startswith("/2020-05-31/"):
            self._forward(body)
            return
        self._handle(lambda caller, match, _: self._create(caller, match, body))

    def _handle(self, process: Callable[[Caller, re.Match[str], dict[str, list[str]]], _Answer]) -> None:
        request_id = str(uuid4())
        try:
            url = urlsplit(self.path)
            answer = process(self._caller(), _route(url.path), parse_qs(url.query))
        except ServiceError as refused:
            answer = _Answer(refused.status, render_error(refused, request_id))
        except ConnectionCutError:
            self.close_connection = True
            _cut(self.connection)
            return
        with suppress(ConnectionError):  # the client may have given up waiting
            self._send(answer, request_id)

    def _caller(self) -> Caller:
        key_id = _KEY_ID.search(self.headers.get("Authorization", ""))
        caller = self.server.callers(key_id[1]) if key_id else None
        if caller is None:
            raise ServiceError("InvalidClientTokenId")
        return caller

    def _create(self, caller: Caller, match: re.Match[str], body: bytes) -> _Answer:
        double, batch = self.server.double, parse_batch(body)
        create = double.create_invalidation_for_tenant if _is_tenant(match) else double.create_invalidation
        created = create(caller, _id(match), batch.items, batch.caller_reference, quantity=batch.quantity)
        return _Answer(201, render_invalidation(created), f"{match[0]}/{created.id}")

    def _read(self, caller: Caller, match: re.Match[str], query: dict[str, list[str]]) -> _Answer:
        if match["invalidation"] is None:
            return self._list(caller, match, query)
        double = self.server.double
        get = double.get_invalidation_for_tenant if _is_tenant(match) else double.get_invalidation
        return _Answer(200, render_invalidation(get(caller, _id(match), unquote(match["invalidation"]))))

    def _list(self, caller: Caller, match: re.Match[str], query: dict[str, list[str]]) -> _Answer:
        double = self.server.double
        marker, max_items = query.get("Marker", [""])[0], _max_items(query)
        find = double.list_invalidations_for_tenant if _is_tenant(match) else double.list_invalidations
        page = find(caller, _id(match), marker=marker, max_items=max_items)
        return _Answer(200, render_page(page, marker=marker, max_items=max_items))

    def _send(self, answer: _Answer, request_id: str, content_type: str = "text/xml") -> None:
        self.send_response(answer.status)
        self.send_header("x-amzn-RequestId", request_id)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(answer.document)))
        if answer.location:
            self.send_header("Location", answer.location)
        self.end_headers()
        self.wfile.write(answer.document)

    def _forward(self, body: bytes) -> None:
        connection = HTTPConnection(urlsplit(self.server.others).netloc)
        connection.request("POST", self.path, body, dict(self.headers))
        answer = connection.getresponse()
        document = answer.read()
        connection.close()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in _NOT_FORWARDED:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(document)))
        self.end_headers()
        self.wfile.write(document)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """The ledger is the log."""


def _route(path: str) -> re.Match[str]:
    match = _ROUTE.fullmatch(path)
    if match is None:
        raise ServiceError("NoSuchResource")
    return match


def _is_tenant(match: re.Match[str]) -> bool:
    return match["kind"] == "distribution-tenant"


def _max_items(query: dict[str, list[str]]) -> int:
    text = query.get("MaxItems", [str(MAX_PAGE)])[0]
    if not text.isdecimal() or not int(text):
        raise ServiceError("InvalidArgument", "The value of MaxItems is invalid.")
    return int(text)


def _id(match: re.Match[str]) -> str:
    return unquote(match["id"])


def _cut(connection: socket.socket) -> None:
    """Close the connection without an answer."""
    with suppress(OSError):  # the client has closed it
        connection.shutdown(socket.SHUT_RDWR)
