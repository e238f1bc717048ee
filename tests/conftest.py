"""What every test gets: the same environment for every caller, and a way from a map's text to the map."""

import signal
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.database import DirectoryBasedExampleDatabase

from purgemap.routemap.compiled import RouteMap
from purgemap.routemap.load import load_map
from support.callers_environment import fixed_environment
from support.places import ROOT

LoadMap = Callable[[str], RouteMap]

_EXAMPLES = ROOT / ".hypothesis/examples"

# `make test` fails by a fault, never by luck or by a busy machine. `make fuzz` draws new examples and keeps what it
# finds; add that to the test as an @example.
_UNTIMED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.register_profile("ci", _UNTIMED, derandomize=True, database=None)
settings.register_profile("fuzz", _UNTIMED, max_examples=1_000, database=DirectoryBasedExampleDatabase(str(_EXAMPLES)))
settings.load_profile("ci")


def pytest_configure(config: pytest.Config) -> None:
    """Fix the environment before a test module reads it, for workers and sub-processes too.

    Ctrl-C is heard even where a shell started the tests in the background, deaf to it, as all they start would be.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    environment = ExitStack()
    environment.enter_context(fixed_environment())
    config.add_cleanup(environment.close)


@pytest.fixture
def map_from_yaml(tmp_path: Path) -> LoadMap:
    """Load a map from its YAML text."""

    def load(text: str) -> RouteMap:
        file = tmp_path / "routes.yaml"
        file.write_text(text)
        return load_map(file)

    return load
