"""The file of folder counts beside the map in the function's zip: one JSON document for all distributions."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock
from typing import Any

from purgemap.planning.folder_counts import FolderCounts

FOLDER_COUNTS_FILE = "folder_counts.json"
"""The name of the file; it is beside the compiled map."""

_VERSION = 1


def format_counts(counts: Mapping[str, FolderCounts]) -> bytes:
    """Format the folder counts of distributions, by id: the same counts give the same bytes, whatever the time."""
    document = {"version": _VERSION, "distributions": counts}
    return json.dumps(document, separators=(",", ":"), sort_keys=True).encode()


class FolderCountsFile:
    """The folder counts of a deployment. The file is read at the first plan that has to choose wildcards.

    Counts that cannot be read are reported once to `warn`, and then plans are made without counts.
    """

    def __init__(self, path: Path, warn: Callable[[str], None]) -> None:
        self._path = path
        self._warn = warn
        self._distributions: Mapping[str, FolderCounts] | None = None
        # Each account's jobs are planned in a thread of their own.
        self._lock = Lock()

    def counts_of(self, distribution: str) -> FolderCounts:
        """Return the counts of a distribution by its id, none if they are not known."""
        with self._lock:
            if self._distributions is None:
                self._distributions = self._load()
        return self._distributions.get(distribution, {})

    def _load(self) -> Mapping[str, FolderCounts]:
        try:
            return _parse(json.loads(self._path.read_bytes()))
        except FileNotFoundError:
            return {}  # deployed without a listing
        except (OSError, ValueError, RecursionError) as error:
            reason = f"{type(error).__name__}: {error}"
            self._warn(f"the folder counts cannot be read, so plans estimate what they evict without them: {reason}")
            return {}


def _parse(document: Any) -> Mapping[str, FolderCounts]:
    """Return the counts of a decoded file; raises ValueError for anything but what `format_counts` writes."""
    if not isinstance(document, dict) or document.get("version") != _VERSION:
        raise ValueError(f"the file is not of version {_VERSION}")
    distributions = document.get("distributions")
    if not isinstance(distributions, dict) or not all(map(_is_valid, distributions.values())):
        raise ValueError("the file holds other values than counts")
    return distributions


def _is_valid(counts: Any) -> bool:
    return isinstance(counts, dict) and all(type(count) is int and count >= 0 for count in counts.values())
