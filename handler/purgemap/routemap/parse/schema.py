"""Validate a file of the map against its JSON schema."""

import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

from purgemap.routemap.parse.schema_errors import SchemaProblem, explain_error
from purgemap.routemap.parse.yaml_source import Location, Source
from purgemap.routemap.problems import Path, Problem, path_text


class ValidatedSource(NamedTuple):
    """A source's schema problems, and its value with None in place of each invalid part."""

    problems: tuple[Problem, ...]
    value: dict[str, Any]


@cache
def load_schema() -> dict[str, Any]:
    """Load the map's schema from the package."""
    schema: dict[str, Any] = json.loads(files("purgemap.schemas").joinpath("routes.schema.json").read_text("utf-8"))
    return schema


def validate_schema(source: Source) -> ValidatedSource:
    """Validate a source against the schema."""
    errors = _validator().iter_errors(source.value)
    mistakes = [mistake for error in errors for mistake in explain_error(error, source, load_schema())]
    problems = filter(None, (_locate(mistake, source) for mistake in mistakes))
    value = _without_invalid(source.value, _path_tree(mistake.path for mistake in mistakes if mistake.discard_value))
    return ValidatedSource(tuple(problems), value if isinstance(value, dict) else {})


def _locate(mistake: SchemaProblem, source: Source) -> Problem | None:
    message = mistake.message
    if message is None and path_text(mistake.path) not in source.reported_paths:
        # The source reports an invalid value once, at its anchor.
        message = "this alias points to an invalid value; fix the value at its anchor"
    return Location(source, mistake.path).error(message, at_key=mistake.at_key) if message else None


@cache
def _validator() -> Draft202012Validator:
    types = Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer)
    validator = extend(Draft202012Validator, {"pattern": _check_pattern}, type_checker=types)  # type: ignore[no-untyped-call]
    checker: Draft202012Validator = validator(load_schema())
    return checker


def _is_integer(_checker: object, value: object) -> bool:
    # JSON Schema counts 1.0 as an integer, and Python counts True as one.
    return isinstance(value, int) and not isinstance(value, bool)


def _check_pattern(_validator: object, pattern: str, value: object, _schema: object) -> Iterator[ValidationError]:
    if isinstance(value, str) and not _ecma_regex(pattern).search(value):
        yield ValidationError("pattern")


@cache
def _ecma_regex(pattern: str) -> re.Pattern[str]:
    # In the schema's regular expressions (ECMA 262) `$` is the very end; in Python also before a last newline.
    return re.compile(pattern.replace("$", r"\Z"))


def _path_tree(paths: Iterable[Path]) -> dict[str | int, Any] | None:
    tree: dict[str | int, Any] = {}
    # Longest first, so that a shorter path replaces the branches of longer ones.
    for path in sorted(paths, key=len, reverse=True):
        if not path:
            return None
        branch = tree
        for step in path[:-1]:
            branch = branch.setdefault(step, {})
        branch[path[-1]] = None
    return tree


def _without_invalid(value: Any, tree: dict[str | int, Any] | None) -> Any:
    # Only what the tree reaches is copied: a map of 10,000 routes usually has few invalid values.
    if tree is None:
        return None
    if isinstance(value, dict):
        return {key: _without_invalid(item, tree[key]) if key in tree else item for key, item in value.items()}
    if not tree:
        return value
    return [_without_invalid(item, tree[index]) if index in tree else item for index, item in enumerate(value)]
