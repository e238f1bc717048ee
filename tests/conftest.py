"""What every test gets: no credentials but fake ones, and a way from a map's text to the map."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from purgemap.routes.loading import load_routes
from purgemap.routes.table import Routes

LoadMap = Callable[[str], Routes]


def pytest_configure() -> None:
    """Hear Ctrl-C even where a shell started the tests in the background, deaf to it, as all they start would be."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _fake_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the developer's own AWS may leak into a test, and no test may reach a real account."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_REGION": "eu-central-1",
        "AWS_CONFIG_FILE": "/nonexistent",
        "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def load_map(tmp_path: Path) -> LoadMap:
    """Load a map from its YAML text."""

    def load(text: str) -> Routes:
        file = tmp_path / "routes.yaml"
        file.write_text(text)
        return load_routes(file)

    return load
