"""The paths of a map: one file or folder, or several whose parts form one map."""

from pathlib import Path

MapPaths = Path | str | tuple[str, ...]


def split_paths(paths: MapPaths) -> tuple[Path, ...]:
    """Return the paths of a map, without those that lead to a file or folder listed before."""
    all_paths = paths if isinstance(paths, tuple) else (paths,)
    # Reversed twice, so that the first of equal paths is the one that messages show.
    return tuple({Path(path).resolve(): Path(path) for path in reversed(all_paths)}.values())[::-1]


def paths_text(paths: MapPaths) -> str:
    """Format the paths of a map for messages."""
    return ", ".join(paths) if isinstance(paths, tuple) else str(paths)
