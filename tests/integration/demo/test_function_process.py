"""A deployed function in its own process: what it gets, what it answers, and how it fails."""

import io
import os
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from purgemap.demo.function_process import FailedInvocationError, FunctionCode, FunctionProcess

CODE = """\
import os, sys, time

def handle(event, context):
    print("handling", event)
    if event == "fail":
        raise ValueError("no such event")
    if event == "exit":
        os._exit(1)
    if event == "sleep":
        time.sleep(3_600)
    return {"os": dict(os.environ), "path": sys.path, "left": context.get_remaining_time_in_millis()}
"""
Start = Callable[..., FunctionProcess]


def code(source: str = CODE, timeout_seconds: float = 3_600) -> FunctionCode:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("package/module.py", source)
    variables = (("SETTING", "deployed"),)
    return FunctionCode("site", "sha", "package.module.handle", timeout_seconds, variables, archive.getvalue())


@pytest.fixture
def start() -> Iterator[Start]:
    started = []

    def start(function: FunctionCode | None = None) -> FunctionProcess:
        started.append(FunctionProcess(function or code(), {"AWS_REGION": "us-east-1"}))
        return started[-1]

    yield start
    for process in started:
        process.close()


def test_function_gets_its_own_variables_and_modules_only(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PURGEMAP_ROUTES", "/of/the/caller")
    response = start().invoke({"Records": []})
    assert (response["os"]["SETTING"], response["os"]["AWS_REGION"]) == ("deployed", "us-east-1")
    assert response["os"].keys().isdisjoint({"PURGEMAP_ROUTES", "HOME", "PATH"})
    assert response["os"]["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull
    assert not any("site-packages" in path for path in response["path"])
    assert 0 < response["left"] <= 3_600_000


def test_function_answers_each_event_in_turn(start: Start) -> None:
    process = start()
    events: list[Any] = [{"Records": []}, "é\n", [1]]
    assert [bool(process.invoke(event)) for event in events] == [True] * 3
    assert process.is_running()


def test_error_of_a_function_has_its_trace_and_log(start: Start) -> None:
    process = start()
    with pytest.raises(FailedInvocationError, match=r"(?s)ValueError: no such event.*handling fail"):
        process.invoke("fail")
    assert process.invoke("next"), "the process goes on"


def failed(process: FunctionProcess, event: Any) -> str:
    with pytest.raises(FailedInvocationError) as caught:
        process.invoke(event)
    assert not process.is_running()
    return str(caught.value)


def test_function_that_ends_fails_its_invocation(start: Start) -> None:
    process = start()
    assert "its process ended without a response" in failed(process, "exit")
    assert "its process ended without a response" in failed(process, "next")


def test_function_that_cannot_start_shows_why(start: Start) -> None:
    assert "ModuleNotFoundError: No module named 'absent'" in failed(start(code("import absent")), "event")


def test_function_that_is_too_slow_is_ended(start: Start) -> None:
    assert "its process ended without a response" in failed(start(code(timeout_seconds=0.2)), "sleep")
