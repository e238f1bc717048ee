"""The requirement that a pipeline installs: one content, and one that a pipeline can fetch."""

import hashlib
import json
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from purgemap.deployment.pipelines import installed_source, parse_source
from purgemap.errors import PurgemapError

COMMIT, DIGEST = "0123456789" * 4, "ab" * 32


@pytest.mark.parametrize(
    ("text", "requirement"),
    [
        ("0.1.0", "purgemap==0.1.0"),
        ("1.0rc1+acme.2", "purgemap==1.0rc1+acme.2"),
        (f"git+https://git.test/acme/p@{COMMIT}", f"purgemap @ git+https://git.test/acme/p@{COMMIT}"),
        (f"git+ssh://git@git.test/acme/p@{COMMIT}", f"purgemap @ git+ssh://git@git.test/acme/p@{COMMIT}"),
        (f"https://x.test/p.whl#sha256={DIGEST}", f"purgemap @ https://x.test/p.whl --hash=sha256:{DIGEST}"),
    ],
)
def test_source_names_one_content(text: str, requirement: str, tmp_path: Path) -> None:
    assert parse_source(text, tmp_path) == requirement


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("git+https://git.test/acme/p@v1", "a tag, a branch or a file can change"),
        ("git+https://git.test/acme/p", "a tag, a branch or a file can change"),
        (f"git+http://git.test/acme/p@{COMMIT}", "a tag, a branch or a file can change"),
        ("https://x.test/p.whl", "a tag, a branch or a file can change"),
        (f"http://x.test/p.whl#sha256={DIGEST}", "a tag, a branch or a file can change"),
        ("missing.whl", "not a version, a URL or an existing wheel"),
        ("latest", "not a version, a URL or an existing wheel"),
        ("1\n--index-url=https://x.test", "not a version, a URL or an existing wheel"),
    ],
)
def test_source_refuses_what_can_change(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(PurgemapError, match=f"{message}.*pass --source with a version"):
        parse_source(text, tmp_path)


def test_source_takes_a_wheel_of_the_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools/purgemap-1.whl").write_bytes(b"zip")
    monkeypatch.chdir(tmp_path / "tools")
    digest = hashlib.sha256(b"zip").hexdigest()
    assert parse_source("purgemap-1.whl", tmp_path) == f"./tools/purgemap-1.whl --hash=sha256:{digest}"
    with pytest.raises(PurgemapError, match=r"is not below .*; copy it there"):
        parse_source("purgemap-1.whl", tmp_path / "other")


class InstalledFrom(metadata.PathDistribution):
    """purgemap 0.3.0 with an installer's record of its origin (PEP 610)."""

    def __init__(self, folder: Path, origin: dict[str, Any] | None) -> None:
        super().__init__(folder)
        (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: purgemap\nVersion: 0.3.0\n")
        if origin:
            (folder / "direct_url.json").write_text(json.dumps(origin))


GIT = {"url": "https://git.test/acme/p", "vcs_info": {"vcs": "git", "requested_revision": "v1", "commit_id": COMMIT}}
WHEEL = {"url": "https://x.test/p.whl", "archive_info": {"hashes": {"sha256": DIGEST}}}


@pytest.mark.parametrize(
    ("origin", "requirement"),
    [
        (None, "purgemap==0.3.0"),
        (GIT, f"purgemap @ git+https://git.test/acme/p@{COMMIT}"),
        ({**GIT, "subdirectory": "py"}, f"purgemap @ git+https://git.test/acme/p@{COMMIT}#subdirectory=py"),
        (WHEEL, f"purgemap @ https://x.test/p.whl --hash=sha256:{DIGEST}"),
    ],
)
def test_installed_source_is_where_it_came_from(
    origin: dict[str, Any] | None, requirement: str, tmp_path: Path
) -> None:
    assert installed_source(tmp_path, InstalledFrom(tmp_path, origin)) == requirement


@pytest.mark.parametrize(
    ("origin", "message"),
    [
        ({"url": "file:///tmp/p.whl", "archive_info": {"hashes": {"sha256": DIGEST}}}, "which no pipeline can fetch"),
        ({"url": "file:///src/p", "dir_info": {"editable": True}}, "which no pipeline can fetch"),
        ({"url": "https://x.test/p.whl", "archive_info": {}}, "recorded no hash"),
    ],
)
def test_installed_source_refuses_what_pipelines_lack(origin: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(PurgemapError, match=f"{message}.*pass --source"):
        installed_source(tmp_path, InstalledFrom(tmp_path, origin))


def test_installed_source_is_a_wheel_of_the_repository(tmp_path: Path) -> None:
    wheel = tmp_path / "my tools" / "purgemap-1.whl"
    wheel.parent.mkdir()
    wheel.write_bytes(b"zip")
    installed = InstalledFrom(tmp_path, {"url": wheel.as_uri(), "archive_info": {}})
    with pytest.raises(PurgemapError, match="rename what has a space"):
        installed_source(tmp_path, installed)
    digest = hashlib.sha256(b"zip").hexdigest()
    assert installed_source(wheel.parent, installed) == f"./purgemap-1.whl --hash=sha256:{digest}"
