"""The server's application: its answers, and the requests that it refuses."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from purgemap.cli.explain import explain
from purgemap.errors import PurgemapError
from purgemap.explorer.server import ExplorerCalls, PollTimes, WatchedMap, create_app
from support.commands import invoke
from support.ids import E1
from support.pages import write_page
from support.random_maps import RandomMap

PORT = 8000
HERE = f"http://127.0.0.1:{PORT}"
MAP = f"version: 1\nroutes:\n  - {{bucket: site, distributions: [{E1}]}}\n"

Send = Callable[..., TestResponse]


def refuse_status() -> dict[str, Any]:
    raise PurgemapError("no credentials")


def sender(file: Path, page: Path, status: Callable[[], dict[str, Any] | None] = lambda: None) -> Send:
    """Return a function that sends a request to the application: method, path and headers."""
    watched = WatchedMap(str(file))
    calls = ExplorerCalls(watched.generation, watched.document, watched.explain, watched.plan, status)
    client = create_app(calls, page, PORT, PollTimes(0, 0)).test_client()

    def send(path: str, method: str = "GET", base: str = HERE, **options: Any) -> TestResponse:
        return client.open(path, method=method, base_url=base, **options)

    return send


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "routes.yaml"
    file.write_text(MAP)
    return file


@pytest.fixture
def page(tmp_path: Path) -> Path:
    return write_page(tmp_path / "page")


@pytest.fixture
def send(file: Path, page: Path) -> Send:
    return sender(file, page)


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8000", "[::1]:8000"])
def test_app_answers_at_its_own_addresses(send: Send, host: str) -> None:
    own = {"Origin": f"http://{host}", "Sec-Fetch-Site": "same-origin"}
    assert send("/api/map", base=f"http://{host}", headers=own).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1", "127.0.0.1:8001", "127.0.0.1.evil.example:8000", "0.0.0.0:8000", "[::]:8000"]
)
def test_app_refuses_a_foreign_host(send: Send, host: str) -> None:
    for path in ("/", "/page/app.js", "/api/map", "/api/changes", "/nowhere"):
        response = send(path, base=f"http://{host}")
        assert (response.status_code, "Host header" in response.get_json()["error"]) == (403, True)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "https://127.0.0.1:8000"},
        {"Origin": "http://127.0.0.1:9000"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_app_refuses_a_foreign_origin(send: Send, headers: dict[str, str]) -> None:
    assert send("/api/map", headers=headers).status_code == 403
    assert send("/api/plan", "POST", headers=headers, content_type="text/plain", data="").status_code == 403


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE"])
def test_app_takes_get_only(send: Send, method: str) -> None:
    for path in ("/", "/page/app.js", "/api/map", "/api/explain", "/api/status", "/api/changes"):
        response = send(path, method, content_type="text/plain")
        assert (response.status_code, response.headers["Allow"]) == (405, "GET")


def test_plan_takes_a_post_of_plain_text_only(send: Send) -> None:
    assert send("/api/plan").headers["Allow"] == "POST"
    for content_type in (None, "application/json", "application/x-www-form-urlencoded", "text/html", "text/plainer"):
        assert send("/api/plan", "POST", data="s3://site/a", content_type=content_type).status_code == 415
    response = send("/api/plan", "POST", data="s3://site/a", content_type="text/plain;charset=UTF-8")
    assert (response.status_code, response.get_json()["summary"]["paths"]) == (200, 1)


@pytest.mark.parametrize(
    ("path", "status"),
    [("/", 200), ("/api/map", 200), ("/nowhere", 404), ("/api/explain", 400), ("/api/plan", 405), ("/api/status", 204)],
)
def test_every_response_has_the_headers(send: Send, path: str, status: int) -> None:
    response = send(path)
    assert response.status_code == status
    rules = response.headers["Content-Security-Policy"].split("; ")
    assert set(rules) == {"default-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"}
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["Cache-Control"] == "no-store"
    assert "Access-Control-Allow-Origin" not in response.headers


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("app.js", "text/javascript; charset=utf-8"),
        ("style.css", "text/css; charset=utf-8"),
        ("icon.svg", "image/svg+xml"),
    ],
)
def test_app_serves_files_of_the_page(send: Send, page: Path, name: str, content_type: str) -> None:
    response = send(f"/page/{name}")
    assert (response.data, response.content_type) == ((page / name).read_bytes(), content_type)


@pytest.mark.parametrize(
    "path",
    ["notes.txt", "..%2froutes.yaml", "../routes.yaml", ".hidden.js", "%2e%2e", "a%00.js", "gone.js", "", "x/a.js"],
)
def test_app_serves_no_other_file(send: Send, path: str) -> None:
    assert send(f"/page/{path}").status_code == 404


def test_map_shows_problems_of_an_edit(send: Send, file: Path) -> None:
    assert send("/api/map").get_json()["valid"]
    file.write_text(MAP.replace("bucket", "buckett"))
    document = send("/api/map").get_json()
    assert (document["valid"], document["stale"], document["problems"][0]["line"]) == (False, True, 3)
    response = send("/api/explain?object=s3://site/a")
    assert (response.status_code, "routes.yaml:3:" in response.get_json()["error"]) == (400, True)


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("", "the object is missing"),
        ("object=", "is not an S3 URI"),
        ("object=s3://site", "is not an S3 URI"),
        ("object=s3://site/a&event=vanished", "'vanished' is not an event"),
        ("object=s3://site/%ff", "the query is not UTF-8"),
        ("object=s3://site/%ed%a0%80", "the query is not UTF-8"),
    ],
)
def test_explain_says_what_it_refuses(send: Send, query: str, error: str) -> None:
    response = send(f"/api/explain?{query}")
    assert (response.status_code, error in response.get_json()["error"]) == (400, True)


def test_explain_never_decodes_a_key_twice(send: Send) -> None:
    key = "a+b%20c d&e#é"
    response = send("/api/explain", query_string={"object": f"s3://site/{key}", "event": "deleted"})
    assert response.get_json()["object"] == {"bucket": "site", "key": key, "event": "deleted"}


def test_explain_answers_as_the_command(page: Path, tmp_path: Path) -> None:
    compared = 0
    for seed in range(7):
        maps = RandomMap(seed)
        file = tmp_path / f"{seed}.json"
        file.write_text(json.dumps(maps.route_map().document))
        send = sender(file, page)
        for change in maps.changes():
            uri = f"s3://{change.bucket}/{change.key}"
            response = send("/api/explain", query_string={"object": uri, "event": change.event})
            printed = invoke(explain, uri, "--event", change.event, "--json", "--routes", file).stdout
            assert response.get_json() == json.loads(printed)
            compared += 1
    assert compared >= 200


def test_plan_refuses_a_body_that_is_too_long(send: Send) -> None:
    # The length alone decides, so nothing that long is read.
    length = {"CONTENT_LENGTH": str(2**26 + 1)}
    response = send("/api/plan", "POST", content_type="text/plain", data="a", environ_overrides=length)
    assert (response.status_code, response.get_json()["error"].startswith("the text is longer than 64 MB")) == (
        413,
        True,
    )


def test_plan_says_what_it_refuses(send: Send) -> None:
    response = send("/api/plan", "POST", data="s3://site/a\nb.html", content_type="text/plain")
    assert (response.status_code, response.get_json()["error"].partition(":")[0]) == (400, "line 2")
    response = send("/api/plan?bucket=site", "POST", data="b.html", content_type="text/plain")
    assert response.get_json()["invalidations"][0]["items"] == ["/b.html"]


def test_status_is_that_of_the_stack(file: Path, page: Path) -> None:
    assert sender(file, page, lambda: {"queue": None})("/api/status").get_json() == {"queue": None}
    assert sender(file, page)("/api/status").data == b""
    response = sender(file, page, refuse_status)("/api/status")
    assert (response.status_code, response.get_json()) == (502, {"error": "no credentials"})


def test_changes_report_an_edit_after_the_request(send: Send, file: Path) -> None:
    response = send("/api/changes", buffered=False)
    # The edit comes before the first byte of the stream is read.
    file.write_text(f"{MAP}# edited\n")
    events: Iterator[bytes] = iter(response.response)  # type: ignore[arg-type]  # the test client's bytes
    blocks = [next(events) for _ in range(3)]
    assert response.mimetype == "text/event-stream"
    assert [block for block in blocks if block.startswith(b"data")] == [b'data: {"generation": 2}\n\n']
    assert next(events).startswith(b": ")
    response.close()
