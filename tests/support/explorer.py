"""`purgemap explore` as a process of its own, and maps of any size for it."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_CODE = "import sys; from purgemap.cli.main import main; sys.exit(main())"
_ACCOUNTS = ("", "222222222222", "333333333333")


@dataclass(frozen=True, slots=True)
class Explorer:
    """The address of a running explorer, and the file of its map."""

    address: str
    map_file: Path


# From a map's text to its explorer.
Explore = Callable[[str], Explorer]


@contextlib.contextmanager
def run_explorer(folder: Path, map_text: str, environment: Mapping[str, str] | None = None) -> Iterator[Explorer]:
    """Serve a map while the block runs, as a user would; Ctrl-C ends it."""
    map_file = folder / "routes.yaml"
    map_file.write_text(map_text)
    command = [sys.executable, "-c", _CODE, "explore", "--no-browser", "--routes", map_file.name]
    process = subprocess.Popen(
        command, cwd=folder, env={**os.environ, **(environment or {})}, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with process.stdout:
        try:
            address = process.stdout.readline().strip()
            assert address.startswith("http://127.0.0.1:"), address
            yield Explorer(address, map_file)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait()


def sites_map(sites: int) -> str:
    """Return a map of sites in three accounts: two in three share a bucket, the others have one each."""
    lines = ["version: 1", "distributions:"]
    for number in range(sites):
        account = _ACCOUNTS[number * len(_ACCOUNTS) // sites]
        role = f', role_arn: "arn:aws:iam::{account}:role/purgemap"' if account else ""
        lines.append(f"  site-{number}: {{id: {distribution_id(number)}{role}}}")
    lines.append("routes:")
    for number in range(sites):
        bucket = f"own-{number}" if number % 3 == 0 else f"shared-{number // 40}"
        lines += [
            f"  - name: route-{number}",
            f"    bucket: {bucket}",
            f"    prefix: sites/{number}/",
            f"    origin_path: /sites/{number}",
            f"    distributions: [site-{number}]",
            "    exclude: ['*.map']",
        ]
    return "\n".join(lines) + "\n"


def distribution_id(number: int) -> str:
    """Return the id of a site's distribution."""
    return f"E{number:03}EXAMPLE"


def line_of(map_text: str, text: str) -> int:
    """Return the number of the line that has a text."""
    return next(number for number, line in enumerate(map_text.splitlines(), 1) if text in line)
