"""Commands read and write files in the current folder, so each test has one of its own."""

from pathlib import Path

import pytest

from support.ids import E1
from support.shell import Shell


@pytest.fixture(autouse=True)
def _in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def _input_files(_in_empty_folder: None) -> None:
    """Write a map, a list of changes, and a file that AWS's clients can't parse."""
    Path("config").mkdir()
    Path("config/routes.yaml").write_text(f"version: 1\nroutes:\n  - {{bucket: site, distributions: [{E1}]}}\n")
    Path("changes").write_text("s3://site/x\n")
    Path("broken.ini").write_text("[default\n")


@pytest.fixture
def shell(_input_files: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(monkeypatch, capsys)
