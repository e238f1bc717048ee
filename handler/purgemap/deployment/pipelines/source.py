"""The purgemap that a pipeline installs, as a line of a pip requirements file that names exactly one content.

A tag, a branch or a URL can change its content, and the pipeline deploys with this code. So a commit or a hash is
required, except for a version of a package index, whose releases cannot be replaced.
"""

import hashlib
import json
import re
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from purgemap import __version__
from purgemap.errors import PurgemapError

_ADVICE = (
    "pass --source with a version of your package index, with git+https://…@COMMIT, with the URL of a wheel and its "
    "hash (https://….whl#sha256=…), or with the path of a wheel that you copied into the repository"
)
_VERSION = re.compile(r"\d[0-9A-Za-z.!+_-]*")
_GIT = re.compile(r"git\+(https|ssh)://[^\s@]*(@[^\s@]+)*@[0-9a-f]{40}(#\S*)?")
_WHEEL_URL = re.compile(r"(https://\S+\.whl)#sha256=([0-9a-f]{64})")


def parse_source(text: str, root: Path) -> str:
    """Return the requirement for a version, a commit, or a wheel by its URL or path; raises PurgemapError.

    A path is one of the current folder; the requirement has its path below the root of the repository.
    """
    if _VERSION.fullmatch(text):
        return f"purgemap=={text}"
    if _GIT.fullmatch(text):
        return f"purgemap @ {text}"
    if match := _WHEEL_URL.fullmatch(text):
        return f"purgemap @ {match[1]} --hash=sha256:{match[2]}"
    wheel = Path(text)
    if wheel.suffix == ".whl" and wheel.is_file():
        return _wheel_requirement(wheel.resolve(), root.resolve())
    if text.startswith(("git+", "https:", "http:")):
        raise PurgemapError(f"{text} does not name one content: a tag, a branch or a file can change; {_ADVICE}")
    raise PurgemapError(f"{text} is not a version, a URL or an existing wheel; {_ADVICE}")


def installed_source(root: Path, distribution: metadata.Distribution | None = None) -> str:
    """Return the requirement for the purgemap that runs; raises PurgemapError if only this computer has it."""
    installed = distribution or metadata.distribution("purgemap")
    # https://packaging.python.org/en/latest/specifications/direct-url/; an index leaves no such file.
    text = installed.read_text("direct_url.json")
    if text is None:
        return f"purgemap=={installed.version}"
    origin: dict[str, Any] = json.loads(text)
    url = str(origin["url"])
    if url.startswith("file:"):
        wheel = Path(url2pathname(urlsplit(url).path))
        if wheel.suffix == ".whl" and wheel.is_file() and wheel.is_relative_to(root):
            return _wheel_requirement(wheel, root)
        raise PurgemapError(f"purgemap {__version__} was installed from {url}, which no pipeline can fetch; {_ADVICE}")
    if commit := origin.get("vcs_info", {}).get("commit_id"):
        subdirectory = f"#subdirectory={origin['subdirectory']}" if "subdirectory" in origin else ""
        return f"purgemap @ git+{url}@{commit}{subdirectory}"
    sha256 = origin.get("archive_info", {}).get("hashes", {}).get("sha256")
    if not sha256:
        raise PurgemapError(f"the installer recorded no hash of {url}; {_ADVICE}")
    return f"purgemap @ {url} --hash=sha256:{sha256}"


def _wheel_requirement(wheel: Path, root: Path) -> str:
    if not wheel.is_relative_to(root):
        raise PurgemapError(f"{wheel} is not below {root}, so a pipeline does not have it; copy it there")
    path = wheel.relative_to(root).as_posix()
    if " " in path:
        raise PurgemapError(f"{path}: pip cannot read this path from a file of requirements; rename what has a space")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return f"./{path} --hash=sha256:{digest}"
