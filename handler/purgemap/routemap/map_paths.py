"""The paths of a map: one, or several files and folders whose parts form one map."""

from pathlib import Path

MapPaths = Path | str | tuple[str, ...]


def split_paths(paths: MapPaths) -> tuple[Path, ...]:
    """List the paths of a map, each once."""
    listed = paths if isinstance(paths, tuple) else (paths,)
    return tuple({Path(path).resolve(): Path(path) for path in reversed(listed)}.values())[::-1]


def paths_text(paths: MapPaths) -> str:
    """Name a map by its paths."""
    return ", ".join(paths) if isinstance(paths, tuple) else str(paths)
