"""Fixtures of the browser: test modules name this one in `pytest_plugins`. Without a browser they are skipped."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.explorer import Explore, run_explorer

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page

_NOTES_OF_ANSWERS = (
    "Failed to load resource: the server responded with a status of 400",
    "Failed to load resource: net::ERR_CONNECTION_REFUSED",
    "Failed to load resource: net::ERR_INCOMPLETE_CHUNKED_ENCODING",
)

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# A busy machine must not fail a test. Playwright's own limit is 30 seconds.
_TIMEOUT_MILLISECONDS = 120_000


def find_chromium() -> str | None:
    """Return the path of the system's Chromium, None if there is none."""
    return next(filter(None, map(shutil.which, _NAMES)), None)


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    chromium = find_chromium()
    if chromium is None:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    playwright_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright_api.sync_playwright() as playwright:
        # Root, as in a container, has no sandbox.
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser: "Browser") -> Iterator["Page"]:
    """Open an empty page. No test may leave an error on the console, or open a dialog."""
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        page = context.new_page()
        page.set_default_timeout(_TIMEOUT_MILLISECONDS)
        complaints = watch(page)
        yield page
        assert complaints == []


def watch(page: "Page") -> list[str]:
    """Return the list to which the page's errors and dialogs are added."""
    complaints: list[str] = []

    def dismiss(dialog: "Dialog") -> None:
        complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def note(message: "ConsoleMessage") -> None:
        # The browser notes a refused input, which the page shows and tests read, and a server that has ended.
        if message.type == "error" and not message.text.startswith(_NOTES_OF_ANSWERS):
            complaints.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", dismiss)
    return complaints


@pytest.fixture
def explore(tmp_path: Path) -> Iterator[Explore]:
    """Serve a map until the test ends."""
    with ExitStack() as stack:
        yield lambda map_text: stack.enter_context(run_explorer(tmp_path, map_text))
