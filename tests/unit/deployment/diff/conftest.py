"""Every diff is run in a folder with the old map."""

from pathlib import Path

import pytest

from support.diffs import OLD


@pytest.fixture(autouse=True)
def _old_map(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("old.yaml").write_text(OLD)
