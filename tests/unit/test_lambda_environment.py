"""The function's environment: an error names an invalid variable and a valid value."""

import re
from pathlib import Path

import pytest

from purgemap.deployment.template.yaml_template import load_template
from purgemap.errors import PurgemapError
from purgemap.lambda_function import LOG_LEVELS, build_handler

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
EVERY_VARIABLE = (
    "PURGEMAP_LOG_LEVEL",
    "PURGEMAP_CALLS_PER_SECOND",
    "PURGEMAP_METRICS_NAMESPACE",
    "PURGEMAP_QUEUE_URL",
    "PURGEMAP_DEAD_LETTER_QUEUE_URL",
    "PURGEMAP_EVENT_BUS",
)


@pytest.fixture
def routes(tmp_path: Path) -> str:
    file = tmp_path / "routes.yaml"
    file.write_text("version: 1\nroutes:\n  - {bucket: acme-www, distributions: [E2EXAMPLE1ABCD]}\n")
    return str(file)


@pytest.mark.parametrize("rate", ["0", "-1", "nan", "inf", "-inf", "1e999", "abc", "0,5", "0.5/s", " "])
def test_environment_refuses_rate_not_above_zero(routes: str, rate: str) -> None:
    expected = re.escape(f"PURGEMAP_CALLS_PER_SECOND is {rate!r}: write a number above 0, such as 0.5")
    with pytest.raises(PurgemapError, match=f"^{expected}$"):
        build_handler({**CREDENTIALS, "PURGEMAP_ROUTES": routes, "PURGEMAP_CALLS_PER_SECOND": rate})


@pytest.mark.parametrize("level", ["LOUD", "debug", "10"])
def test_environment_refuses_unknown_log_level(routes: str, level: str) -> None:
    expected = f"PURGEMAP_LOG_LEVEL is '{level}': write one of DEBUG, INFO, WARNING, ERROR"
    with pytest.raises(PurgemapError, match=f"^{expected}$"):
        build_handler({**CREDENTIALS, "PURGEMAP_ROUTES": routes, "PURGEMAP_LOG_LEVEL": level})


@pytest.mark.parametrize("level", [*LOG_LEVELS, "CRITICAL", "WARN"])
def test_environment_accepts_every_level_of_logging(routes: str, level: str) -> None:
    handler = build_handler({**CREDENTIALS, "PURGEMAP_ROUTES": routes, "PURGEMAP_LOG_LEVEL": level})
    assert handler([], None) is None


@pytest.mark.parametrize("variables", [{}, {"PURGEMAP_ROUTES": ""}])
def test_environment_names_variable_of_missing_map(variables: dict[str, str]) -> None:
    expected = "PURGEMAP_ROUTES is '': write the path of the map, a file or a folder"
    with pytest.raises(PurgemapError, match=f"^{expected}$"):
        build_handler({**CREDENTIALS, **variables})


@pytest.mark.parametrize("rate", ["0.5", "2", "0.05", "10.25"])
def test_environment_accepts_rates_of_the_template(routes: str, rate: str) -> None:
    assert re.fullmatch(load_template("template.yaml")["Parameters"]["CallsPerSecond"]["AllowedPattern"], rate)
    handler = build_handler({**CREDENTIALS, "PURGEMAP_ROUTES": routes, "PURGEMAP_CALLS_PER_SECOND": rate})
    assert handler([], None) is None


def test_environment_ignores_empty_variable(routes: str) -> None:
    handler = build_handler({**CREDENTIALS, "PURGEMAP_ROUTES": routes, **dict.fromkeys(EVERY_VARIABLE, "")})
    assert handler([], None) is None


def test_environment_without_ledger_table_warns_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "routes.yaml"
    route = "{bucket: acme-www, distributions: [E2EXAMPLE1ABCD], skip_unchanged: true}"
    file.write_text(f"version: 1\nroutes: [{route}]\n")
    variables = {**CREDENTIALS, "AWS_REGION": "eu-west-1", "PURGEMAP_ROUTES": str(file)}
    with caplog.at_level("WARNING", "purgemap"):
        assert build_handler(variables)([], None) is None
        assert len(caplog.records) == 1
        build_handler({**variables, "PURGEMAP_LEDGER_TABLE": "purgemap-ledger"})
    (warning,) = caplog.messages
    assert warning.startswith("PURGEMAP_LEDGER_TABLE names no table")


def test_environment_ignores_ledger_table_without_option(routes: str, caplog: pytest.LogCaptureFixture) -> None:
    build_handler({**CREDENTIALS, "PURGEMAP_ROUTES": routes, "PURGEMAP_LEDGER_TABLE": "purgemap-ledger"})
    assert caplog.messages == []
