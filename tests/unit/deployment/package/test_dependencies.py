"""The function's dependencies: complete, as their wheels had them, and pure Python."""

import base64
import hashlib
import re
from importlib import metadata
from pathlib import Path

import pytest

from purgemap.deployment.package.dependencies import DISTRIBUTIONS
from purgemap.errors import PurgemapError
from support.packages import run_build


def test_dependencies_are_what_botocore_requires() -> None:
    required, pending = set(), ["botocore"]
    while pending:
        name = pending.pop()
        if name not in required:
            required.add(name)
            pending += [
                re.split(r"[^\w-]", line)[0] for line in metadata.requires(name) or [] if "extra ==" not in line
            ]
    assert required == set(DISTRIBUTIONS)


def _install(folder: Path, name: str, files: dict[str, bytes]) -> None:
    """Write an installed distribution with its files and a record of their hashes."""
    information = folder / f"{name}-9.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 9\n")
    record = []
    for path, data in files.items():
        (folder / path).write_bytes(data)
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        record.append(f"{path},sha256={digest},{len(data)}\n")
    (information / "RECORD").write_text("".join(record))


@pytest.mark.usefixtures("map_folder")
def test_dependency_altered_since_its_installation_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _install(tmp_path / "site", "six", {"six.py": b"as the wheel had it"})
    (tmp_path / "site/six.py").write_bytes(b"as somebody left it")
    monkeypatch.syspath_prepend(tmp_path / "site")
    with pytest.raises(PurgemapError, match=r"six\.py of six was altered"):
        run_build()


@pytest.mark.usefixtures("map_folder")
def test_dependency_with_machine_code_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _install(tmp_path / "site", "six", {"six.cpython-313-x86_64-linux-gnu.so": b"\x7fELF"})
    monkeypatch.syspath_prepend(tmp_path / "site")
    with pytest.raises(PurgemapError, match="is machine code"):
        run_build()
