"""Read the files and folders of a map, and check each against the schema."""

from collections.abc import Iterator
from pathlib import Path

from purgemap.routemap.map_paths import MapPaths, split_paths
from purgemap.routemap.parse.model import MapConfig
from purgemap.routemap.parse.model_builder import build_config
from purgemap.routemap.parse.schema import validate_schema
from purgemap.routemap.parse.yaml_source import Source
from purgemap.routemap.problems import MapError, Problem, file_error

_SUFFIXES = frozenset({".yaml", ".yml"})


def read_config(paths: MapPaths) -> tuple[MapConfig, tuple[Problem, ...]]:
    """Read a map: its valid parts, and the problems of YAML and schema.

    Raises MapError, with all problems so far, if a file cannot be read or parsed.
    """
    sources, unread = _read_sources(paths)
    validated = [validate_schema(source) for source in sources]
    problems = [problem for source in sources for problem in source.problems]
    problems += [problem for part in validated for problem in part.problems]
    if unread:
        # The missing file may define the names and captures of the others, so no rule could be checked.
        raise MapError([*unread, *problems])
    config = build_config(zip(sources, (part.value for part in validated), strict=True))
    return config, tuple(problems)


def _read_sources(paths: MapPaths) -> tuple[list[Source], list[Problem]]:
    sources: list[Source] = []
    unread: list[Problem] = []
    # A file that is given by itself and by its folder is one part.
    files = {file.resolve(): file for path in split_paths(paths) for file in _list_files(path)}
    for file in files.values():
        try:
            source = Source(str(file), file.read_bytes())
            if isinstance(source.value, dict) and "compiled" in source.value:
                message = "this is a compiled map, which was checked already; check its YAML files instead"
                raise file_error(str(file), message)
            sources.append(source)
        except MapError as error:
            unread += error.problems
        except OSError as error:
            unread += file_error(str(file), f"can't be read: {error.strerror}").problems
    return sources, unread


def _list_files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    files = list_parts(path)
    if not files:
        raise file_error(str(path), "no *.yaml file in this folder; add at least one part of the map")
    yield from files


def list_parts(folder: Path) -> list[Path]:
    """List the parts of a map in a folder."""
    return sorted(file for file in folder.iterdir() if file.suffix in _SUFFIXES and not file.name.startswith("."))
