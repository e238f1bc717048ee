"""The map that the page shows: read again whenever its files change."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from purgemap import library
from purgemap.errors import PurgemapError
from purgemap.explorer.layout import Layout, build_layout
from purgemap.explorer.page_document import map_document
from purgemap.operations import SurveyedMap, list_map_files, survey_map
from purgemap.operations.inputs import decode_input
from purgemap.routemap import MapPaths, RouteMap
from purgemap.text import pluralize

_Fingerprint = tuple[tuple[str, ...], ...]


class _MapReading(NamedTuple):
    """A map as its files had it in one generation."""

    generation: int
    surveyed: SurveyedMap
    layout: Layout | None


class WatchedMap:
    """A map on disk; each change of its files makes a new generation. Several threads may call it."""

    def __init__(self, paths: MapPaths) -> None:
        self._paths = paths
        self._lock = threading.RLock()
        self._generation = 0
        self._fingerprint: _Fingerprint = ()
        self._reading = _MapReading(0, SurveyedMap((), None, {}), None)
        self._last_layout: Layout | None = None

    def generation(self) -> int:
        """Return the number of the files' current state."""
        with self._lock:
            fingerprint = tuple(_fingerprint(self._paths))
            if fingerprint != self._fingerprint or not self._generation:
                self._fingerprint = fingerprint
                self._generation += 1
            return self._generation

    def document(self) -> dict[str, Any]:
        """Return the document of `/api/map`. A map with errors has the last valid layout, marked as stale."""
        with self._lock:
            reading = self._read()
            is_stale = reading.layout is None and self._last_layout is not None
            layout = reading.layout or self._last_layout
            return map_document(self._paths, reading.surveyed, layout, generation=reading.generation, is_stale=is_stale)

    def explain(self, uri: str, event: str) -> dict[str, Any]:
        """Return the document of `purgemap explain --json`; raises PurgemapError."""
        return library.explain(self.route_map(), uri, event).document()

    def plan(self, data: bytes, bucket: str | None) -> dict[str, Any]:
        """Return the document of `purgemap plan --json` for a log or list; raises PurgemapError."""
        try:
            text = decode_input(data)
        except UnicodeDecodeError as error:
            line = data[: error.start].count(b"\n") + 1
            raise PurgemapError(f"line {line} is not UTF-8 (byte {error.start})") from None
        return library.plan(self.route_map(), text.split("\n"), bucket=bucket).document()

    def route_map(self) -> RouteMap:
        """Return the map in its current state; raises PurgemapError for one with errors, never an older one."""
        with self._lock:
            surveyed = self._read().surveyed
        if surveyed.route_map is None:
            errors = [problem for problem in surveyed.problems if problem.severity == "error"]
            raise PurgemapError(f"the map has {pluralize(len(errors), 'error')}; fix the first: {errors[0]}")
        return surveyed.route_map

    def _read(self) -> _MapReading:
        # The generation comes first: if the files change while they are read, the next one reads them again.
        generation = self.generation()
        if generation != self._reading.generation:
            surveyed = survey_map(self._paths)
            layout = build_layout(surveyed.route_map, surveyed.places) if surveyed.route_map else None
            self._reading = _MapReading(generation, surveyed, layout)
            self._last_layout = layout or self._last_layout
        return self._reading


def _fingerprint(paths: MapPaths) -> Iterator[tuple[str, ...]]:
    """Yield the state of each file of a map, without reading it."""
    for file in list_map_files(paths):
        yield (str(file), *_file_state(file))


def _file_state(file: Path) -> Iterator[str]:
    try:
        state = file.stat()
    except OSError as error:
        yield str(error.errno)
        return
    # Editors replace a file by a new one, which may have the same time and size.
    yield from map(str, (state.st_mtime_ns, state.st_size, state.st_ino))
