"""Refuse requests that do not come from the page itself.

A page of any web site can send requests to a loopback address, by its number or by a name that it resolves to one.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import NamedTuple

PLAN_PATH = "/api/plan"
"""The one path that takes a POST: a log may be too long for an address. It changes nothing."""

_HTTP_PORT = 80

# "none": typed into the address bar, or opened by a program.
_OWN_SITES = frozenset({"same-origin", "none"})

HEADERS = {
    # https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Content-Security-Policy
    # These three are not covered by default-src.
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
"""The headers of every response."""


class Refusal(NamedTuple):
    """A response that refuses a request: its status and its message."""

    status: HTTPStatus
    message: str


def served_hosts(port: int) -> frozenset[str]:
    """Return the values of the Host header that name this server."""
    names = ("127.0.0.1", "localhost", "[::1]")
    # Browsers leave out the scheme's own port.
    return frozenset(f"{name}:{port}" for name in names) | (frozenset(names) if port == _HTTP_PORT else frozenset())


def check_request(method: str, path: str, headers: Mapping[str, str], hosts: frozenset[str]) -> Refusal | None:
    """Return the refusal of a request, None if it may be answered."""
    host, origin = headers.get("Host", ""), headers.get("Origin")
    if host not in hosts:
        return Refusal(HTTPStatus.FORBIDDEN, "the Host header names another server; open the address that was printed")
    if origin is not None and origin.removeprefix("http://") not in hosts:
        return Refusal(HTTPStatus.FORBIDDEN, "the request comes from another page")
    if headers.get("Sec-Fetch-Site", "none") not in _OWN_SITES:
        return Refusal(HTTPStatus.FORBIDDEN, "the request comes from another page; type the address, or open a new tab")
    allowed = "POST" if path == PLAN_PATH else "GET"
    if method != allowed:
        return Refusal(HTTPStatus.METHOD_NOT_ALLOWED, f"{path} takes {allowed} only")
    if method == "POST" and headers.get("Content-Type", "").partition(";")[0].strip().lower() != "text/plain":
        return Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "send the log or list as text/plain")
    return None
