"""`make release`: what it commits and tags, and what it refuses. A stand-in builds: the tools need a network."""

import datetime as dt
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.release import CHANGELOG, VERSION_FILE, ReleaseError, release

TODAY = dt.date(2030, 1, 31)
CHANGES = "# Changelog\n\n## [Unreleased]\n\n### Added\n\n- a thing\n\n## [0.1.0] - 2029-12-31\n\n- all of it\n"


def git(root: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Path]:
    """Make a repository with a released version and a change since then."""
    (tmp_path / VERSION_FILE).parent.mkdir(parents=True)
    (tmp_path / VERSION_FILE).write_text('"""A package."""\n\n__version__ = "0.1.0"\n')
    (tmp_path / CHANGELOG).write_text(CHANGES)
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "config", "user.name", "A test")
    git(tmp_path, "config", "user.email", "test@example.org")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "first")
    git(tmp_path, "tag", "v0.1.0")
    yield tmp_path
    assert git(tmp_path, "status", "--porcelain", "--", CHANGELOG, VERSION_FILE) == ""


def skip_build(_root: Path) -> None:
    """Build nothing."""


def test_release_dates_changelog_and_sets_version(checkout: Path) -> None:
    assert release(checkout, "0.2.0", TODAY, skip_build) == "v0.2.0"
    dated = "## [Unreleased]\n\n## [0.2.0] - 2030-01-31\n"
    assert (checkout / CHANGELOG).read_text() == CHANGES.replace("## [Unreleased]\n", dated)
    assert (checkout / VERSION_FILE).read_text() == '"""A package."""\n\n__version__ = "0.2.0"\n'


def test_release_tags_the_commit_that_was_built(checkout: Path) -> None:
    built: list[str] = []
    release(checkout, "0.2.0", TODAY, lambda root: built.append((root / VERSION_FILE).read_text()))
    assert built == [git(checkout, "show", f"v0.2.0:{VERSION_FILE}")]
    assert git(checkout, "cat-file", "-t", "v0.2.0") == "tag\n"
    assert git(checkout, "rev-parse", "v0.2.0^{commit}") == git(checkout, "rev-parse", "HEAD")
    assert git(checkout, "log", "-1", "--format=%s") == "release: 0.2.0\n"


def test_release_accepts_the_first_version(checkout: Path) -> None:
    git(checkout, "tag", "--delete", "v0.1.0")
    (checkout / CHANGELOG).write_text(CHANGES.partition("## [0.1.0]")[0])
    git(checkout, "commit", "--quiet", "--all", "--message", "nothing is released")
    assert release(checkout, "0.1.0", TODAY, skip_build) == "v0.1.0"


@pytest.mark.parametrize(
    ("version", "reason"),
    [
        ("", "not a version of PEP 440"),
        ("next", "not a version of PEP 440"),
        ("v0.2.0", r"not the normal form of this version; write 0\.2\.0"),
        ("0.2.0-rc1", r"write 0\.2\.0rc1"),
        ("0.1.0", "the tag v0.1.0 exists"),
        ("0.1.0rc1", r"is not above 0\.1\.0"),
    ],
)
def test_release_refuses_a_version(checkout: Path, version: str, reason: str) -> None:
    with pytest.raises(ReleaseError, match=reason):
        release(checkout, version, TODAY, skip_build)


def test_release_refuses_a_version_below_the_module(checkout: Path) -> None:
    (checkout / VERSION_FILE).write_text('__version__ = "1.0.0"\n')
    git(checkout, "commit", "--quiet", "--all", "--message", "skip to one")
    with pytest.raises(ReleaseError, match=r"0\.2\.0 is below 1\.0\.0"):
        release(checkout, "0.2.0", TODAY, skip_build)


def test_release_refuses_uncommitted_changes(checkout: Path) -> None:
    (checkout / "new.txt").write_text("new")
    with pytest.raises(ReleaseError, match=r"uncommitted changes(.|\n)*new\.txt"):
        release(checkout, "0.2.0", TODAY, skip_build)


def test_release_refuses_an_empty_changelog(checkout: Path) -> None:
    (checkout / CHANGELOG).write_text(CHANGES.replace("- a thing\n", ""))
    git(checkout, "commit", "--quiet", "--all", "--message", "forget the change")
    with pytest.raises(ReleaseError, match="lists no unreleased change"):
        release(checkout, "0.2.0", TODAY, skip_build)


def test_release_restores_the_checkout_if_a_check_fails(checkout: Path) -> None:
    def fail(_root: Path) -> None:
        raise subprocess.CalledProcessError(1, "twine")

    with pytest.raises(subprocess.CalledProcessError):
        release(checkout, "0.2.0", TODAY, fail)
    assert git(checkout, "tag") == "v0.1.0\n"
    assert (checkout / CHANGELOG).read_text() == CHANGES
