"""Release a version: date the changelog, set the version, build and check both archives, commit, and tag.

`make release VERSION=0.2.0` runs it. Nothing leaves this computer: pushing the tag publishes. If the build or a check
fails, the checkout is as before.
"""

import datetime as dt
import re
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path

from packaging.version import InvalidVersion, Version

ROOT = Path(__file__).parents[2]
CHANGELOG = "CHANGELOG.md"
VERSION_FILE = "handler/purgemap/__init__.py"

_UNRELEASED = "## [Unreleased]\n"
_RELEASED = re.compile(r"^## \[(\d[^\]]*)\]", re.MULTILINE)
_VERSION_LINE = re.compile(r'^__version__ = "([^"]+)"$', re.MULTILINE)

Build = Callable[[Path], None]


class ReleaseError(Exception):
    """The reason for which nothing was released."""


def main() -> None:
    """Release the version of the arguments; exits with 1 and the reason if it can't."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("version", help="such as 0.2.0")
    today = dt.datetime.now(tz=dt.UTC).date()
    try:
        tag = release(ROOT, parser.parse_args().version, today, build_and_check)
    except (ReleaseError, subprocess.CalledProcessError) as error:
        sys.exit(f"release: {error}")
    sys.stdout.write(f"dist/ has the wheel and the source archive of {tag}; publish: git push origin HEAD {tag}\n")


def release(root: Path, version: str, today: dt.date, build: Build) -> str:
    """Release a version from a clean checkout, and return its tag; raises ReleaseError or CalledProcessError."""
    changelog, version_file = root / CHANGELOG, root / VERSION_FILE
    tag = f"v{version}"
    _check_git(root, tag)
    old_changelog, old_module = changelog.read_text("utf-8"), version_file.read_text("utf-8")
    _check_version(version, old_changelog, old_module)
    new_changelog = date_changelog(old_changelog, version, today)
    try:
        changelog.write_text(new_changelog, "utf-8")
        version_file.write_text(_VERSION_LINE.sub(f'__version__ = "{version}"', old_module), "utf-8")
        # The archives are built first: a tag can't be taken back once it is pushed.
        build(root)
        _git(root, "commit", "--quiet", "--all", "--message", f"release: {version}")
    except BaseException:
        changelog.write_text(old_changelog, "utf-8")
        version_file.write_text(old_module, "utf-8")
        raise
    _git(root, "tag", "--annotate", "--message", f"purgemap {version}", tag)
    return tag


def date_changelog(text: str, version: str, today: dt.date) -> str:
    """Give the unreleased changes a version and a date, below a new empty section; raises ReleaseError."""
    before, heading, after = text.partition(_UNRELEASED)
    if not heading:
        raise ReleaseError(f"{CHANGELOG} has no section {_UNRELEASED.strip()!r}; add it")
    if not re.search(r"^- ", after.partition("\n## ")[0], re.MULTILINE):
        raise ReleaseError(f"{CHANGELOG} lists no unreleased change; write what changes for users")
    return f"{before}{_UNRELEASED}\n## [{version}] - {today.isoformat()}\n{after}"


def build_and_check(root: Path) -> None:
    """Build the archives into dist/, and check their metadata and contents; raises CalledProcessError."""
    tools = Path(sys.executable).parent
    subprocess.run(["make", "build"], cwd=root, check=True)
    archives = sorted(map(str, (root / "dist").iterdir()))
    wheels = [archive for archive in archives if archive.endswith(".whl")]
    subprocess.run([tools / "twine", "check", "--strict", *archives], cwd=root, check=True)
    subprocess.run([tools / "check-wheel-contents", *wheels], cwd=root, check=True)


def _check_git(root: Path, tag: str) -> None:
    if changes := _git(root, "status", "--porcelain"):
        raise ReleaseError(f"the checkout has uncommitted changes; commit or remove them:\n{changes}")
    if _git(root, "tag", "--list", tag):
        raise ReleaseError(f"the tag {tag} exists; release another version")


def _check_version(text: str, changelog: str, module: str) -> None:
    """Raise ReleaseError unless a version is written as PEP 440 does, and above all released ones."""
    try:
        version = Version(text)
    except InvalidVersion:
        raise ReleaseError(f"{text!r} is not a version of PEP 440; write one such as 0.2.0") from None
    if str(version) != text:
        raise ReleaseError(f"{text!r} is not the normal form of this version; write {version}")
    # The version of the module may itself be unreleased, as the first one is.
    newest_release = max(map(Version, _RELEASED.findall(changelog)), default=None)
    if newest_release and version <= newest_release:
        raise ReleaseError(f"{version} is not above {newest_release}, which is released")
    if version < (current := Version(_VERSION_LINE.findall(module)[0])):
        raise ReleaseError(f"{version} is below {current}, the version of {VERSION_FILE}")


def _git(root: Path, *arguments: str) -> str:
    run = subprocess.run(["git", *arguments], cwd=root, check=True, stdout=subprocess.PIPE, text=True)
    return run.stdout.rstrip("\n")


if __name__ == "__main__":
    main()
