"""`purgemap explore` before it serves: what it needs, and the browser that it opens."""

import os
import subprocess
import sys

import pytest

from purgemap.cli.explore import has_screen
from purgemap.errors import PurgemapError
from purgemap.explorer.server import serve
from support.shell import Shell


def test_explore_without_flask_names_the_extra() -> None:
    code = "import sys; sys.modules['flask'] = None\nfrom purgemap.cli.main import main; sys.exit(main())"
    done = subprocess.run([sys.executable, "-c", code, "explore"], capture_output=True, text=True, check=False)
    expected = "purgemap: the page needs Flask, which is not installed: pip install 'purgemap[explore]'\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", expected)


@pytest.mark.parametrize("arguments", [["--host", "0.0.0.0"], ["--host", "example.org"], ["--port", "65536"]])
def test_explore_serves_on_loopback_only(arguments: list[str], shell: Shell) -> None:
    status, out, _ = shell.run("explore", *arguments)
    assert (status, out) == (2, "")


def test_serve_refuses_any_other_address() -> None:
    with pytest.raises(PurgemapError, match="is not a loopback address"):
        serve(host="0.0.0.0", port=0, build_app=lambda _: pytest.fail("served"), start=print)


def test_explore_refuses_a_pipe(shell: Shell) -> None:
    os.mkfifo("pipe")
    assert shell.run("explore", "--routes", "pipe")[2].endswith("is a pipe, which can be read only once; name a file\n")


@pytest.mark.parametrize(
    ("environment", "platform", "expected"),
    [
        ({}, "linux", False),
        ({"DISPLAY": ":0"}, "linux", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
        ({"BROWSER": "code", "SSH_CONNECTION": "x"}, "linux", True),
        ({}, "darwin", True),
        ({}, "win32", True),
        ({"SSH_CONNECTION": "x"}, "darwin", False),
    ],
)
def test_explore_needs_a_screen_for_a_browser(environment: dict[str, str], platform: str, *, expected: bool) -> None:
    assert has_screen(environment, platform) is expected
