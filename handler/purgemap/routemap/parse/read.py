"""The files and folders of a map → the map as written, and all that is wrong with it."""

from collections.abc import Iterator
from pathlib import Path

from purgemap.routemap.map_paths import MapPaths, split_paths
from purgemap.routemap.parse.model import MapConfig
from purgemap.routemap.parse.model_builder import build_config
from purgemap.routemap.parse.schema_check import validate_schema
from purgemap.routemap.parse.yaml_source import Source
from purgemap.routemap.problems import MapError, Problem, file_error

_SUFFIXES = frozenset({".yaml", ".yml"})


def read_config(paths: MapPaths) -> tuple[MapConfig, tuple[Problem, ...]]:
    """Read a map and check all of it; what it holds are its sound parts.

    Raises MapError, with everything found so far, where a file can't be read at all: without it nothing can be said
    about names and captures of the others.
    """
    sources, unread = _sources(paths)
    shapes = [validate_schema(source) for source in sources]
    problems = [problem for source in sources for problem in source.problems]
    problems += [problem for shape in shapes for problem in shape.problems]
    if unread:
        raise MapError([*unread, *problems])
    config = build_config(zip(sources, (shape.value for shape in shapes), strict=True))
    return config, tuple(problems)


def _sources(paths: MapPaths) -> tuple[list[Source], list[Problem]]:
    sources: list[Source] = []
    unread: list[Problem] = []
    # A file named twice, by itself and by its folder, is one part.
    files = {file.resolve(): file for path in split_paths(paths) for file in _files(path)}
    for file in files.values():
        try:
            sources.append(_source(file))
        except MapError as error:
            unread += error.problems
        except OSError as error:
            unread += file_error(str(file), f"can't be read: {error.strerror}").problems
    return sources, unread


def _source(file: Path) -> Source:
    source = Source(str(file), file.read_bytes())
    if isinstance(source.value, dict) and "compiled" in source.value:
        message = "a compiled map, which was checked before it was written; check the YAML that it comes from"
        raise file_error(str(file), message)
    return source


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    parts = sorted(part for part in path.iterdir() if part.suffix in _SUFFIXES and not part.name.startswith("."))
    if not parts:
        raise file_error(str(path), "no *.yaml in this folder; each of them is a part of the map")
    yield from parts
