"""A source of the map → what the JSON schema refuses of it, and its value without those parts."""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, NamedTuple

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

from purgemap.routemap.parse.schema import load_schema
from purgemap.routemap.parse.schema_errors import Fault, explain_errors
from purgemap.routemap.parse.yaml_source import Location, Source
from purgemap.routemap.problems import Path, Problem, path_text


class ValidatedSource(NamedTuple):
    """A source's problems of shape, and its value with None in place of the parts that have them."""

    problems: tuple[Problem, ...]
    value: dict[str, Any]


def validate_schema(source: Source) -> ValidatedSource:
    """Check a source against the schema."""
    errors = _validator().iter_errors(source.value)
    faults = [fault for error in errors for fault in explain_errors(error, source)]
    problems = (problem for fault in faults for problem in _problems(fault, source))
    value = _prune(source.value, _tree(fault.path for fault in faults if fault.is_void))
    return ValidatedSource(tuple(problems), value if isinstance(value, dict) else {})


def _problems(fault: Fault, source: Source) -> Iterator[Problem]:
    place = Location(source, fault.path)
    if fault.message is not None:
        yield place.error(fault.message, at_key=fault.at_key)
    elif path_text(fault.path) not in source.problem_paths:
        yield place.error("an alias of a value that can't be used; fix the value at its anchor")


@cache
def _validator() -> Draft202012Validator:
    types = Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer)
    validator = extend(Draft202012Validator, {"pattern": _check_pattern}, type_checker=types)  # type: ignore[no-untyped-call]
    checker: Draft202012Validator = validator(load_schema())
    return checker


def _is_integer(_checker: object, value: object) -> bool:
    # JSON Schema takes 1.0 for an integer, Python True.
    return isinstance(value, int) and not isinstance(value, bool)


def _check_pattern(_validator: object, pattern: str, value: object, _schema: object) -> Iterator[ValidationError]:
    if isinstance(value, str) and not _ecma_regex(pattern).search(value):
        yield ValidationError("pattern")


@cache
def _ecma_regex(pattern: str) -> re.Pattern[str]:
    """Compile a pattern of the schema: there `$` is the very end, in Python also the place before a last newline."""
    return re.compile(pattern.replace("$", r"\Z"))


def _tree(paths: Iterable[Path]) -> dict[str | int, Any] | None:
    """Make a tree of paths; a branch that is None ends there, whatever longer paths say."""
    tree: dict[str | int, Any] = {}
    for path in sorted(paths, key=len, reverse=True):
        if not path:
            return None
        branch = tree
        for step in path[:-1]:
            branch = branch.setdefault(step, {})
        branch[path[-1]] = None
    return tree


def _prune(value: Any, tree: dict[str | int, Any] | None) -> Any:
    """Copy a value with None where the tree ends; what the tree doesn't reach is shared."""
    if tree is None:
        return None
    if isinstance(value, dict):
        return {key: _prune(item, tree[key]) if key in tree else item for key, item in value.items()}
    return [_prune(item, tree[index]) if index in tree else item for index, item in enumerate(value)] if tree else value
