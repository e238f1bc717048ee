"""Explain an error of the JSON schema to the author of the map: what is wrong, and what to write."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, NamedTuple

from jsonschema import ValidationError
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from purgemap.routemap.parse.yaml_quoting import explain_reading
from purgemap.routemap.parse.yaml_source import DATE, INVALID, Source, yaml_type_hint
from purgemap.routemap.problems import Path, did_you_mean, find_nearest, flow_text, quote

_MAY_HOLD_BRACKETS = frozenset({"prefix", "include", "exclude", "index_documents", "object"})
_JOINED_KEY = re.compile(r"\{[a-z_]+:\S")
# Text without a value for YAML: an anchor, or a comment without a space after its #.
_UNREAD_TEXT = re.compile(r"(?:&[^\s,\]}]+|#(?=\S)(?:(?! #).)*\S)(?=\s|$|[,\]}])")
_TYPE_NAMES = {
    "string": "text",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
}


class SchemaProblem(NamedTuple):
    """One mistake that the schema refuses.

    `message` is None if the source reports the value. `at_key`: the problem is at the key. `discard_value`: the
    value is not usable.
    """

    path: Path
    message: str | None
    at_key: bool = False
    discard_value: bool = True


class _SchemaError(NamedTuple):
    """An error of the schema: the value, its path and node; the keyword's value (`expected`) and its schema."""

    path: Path
    value: Any
    node: Node
    expected: Any
    schema: Any
    rest_of_line: str
    root_schema: Mapping[str, Any]


def explain_error(violation: ValidationError, source: Source, schema: Mapping[str, Any]) -> Iterator[SchemaProblem]:
    """Turn one error of the schema into a problem for each mistake behind it."""
    path: Path = tuple(violation.absolute_path)
    node = source.node(path)
    details = (violation.validator_value, violation.schema, source.rest_of_line(node), schema)
    error = _SchemaError(path, violation.instance, node, *details)
    if error.value is INVALID:
        yield SchemaProblem(path, None)
    elif "propertyNames" in violation.absolute_schema_path:
        yield SchemaProblem((*path, str(error.value)), _schema_message(error), at_key=True, discard_value=False)
    else:
        yield from _EXPLAINERS.get(str(violation.validator), _explain_with(_schema_message))(error)


def _schema_message(error: _SchemaError) -> str:
    return f"{_describe(error.value)}: {error.schema['errorMessage']}"


def _explain_unknown_keys(error: _SchemaError) -> Iterator[SchemaProblem]:
    known = list(error.schema["properties"])
    free = [re.compile(pattern) for pattern in error.schema.get("patternProperties", ())]
    for key in error.value:
        if key not in known and not any(pattern.search(key) for pattern in free):
            cure = _key_cure(key, known, error.root_schema)
            message = _unquoted_mapping(error.node) or f"unknown key {quote(key)}; {cure}"
            yield SchemaProblem((*error.path, key), message, at_key=True)


def _key_cure(key: str, known: Sequence[str], root_schema: Mapping[str, Any]) -> str:
    definitions = root_schema["$defs"]
    schemas = {
        "at the top of the map": root_schema,
        "in a route": definitions["route"],
        "in a distribution": definitions["distribution"],
        "in defaults": root_schema["properties"]["defaults"],
        "in a test": definitions["test"],
    }
    sections = [section for section, schema in schemas.items() if key in schema["properties"]]
    # A similar key here is likelier than the same key elsewhere.
    if sections and find_nearest(key, known) is None:
        return f"write it {' or '.join(sections)}"
    return did_you_mean(key, known)


def _unquoted_mapping(node: Node) -> str | None:
    """Return the message of `{name}`, a capture without quotes, or `{key:value}`; None for any other node."""
    capture = _capture(node)
    if capture is None:
        return None
    if _JOINED_KEY.match(capture):
        return f"no space after the colon; write {capture.replace(':', ': ', 1)}"
    return f"YAML reads {capture} as a mapping; quote it: {quote(capture)}"


def _capture(node: Node) -> str | None:
    """Return the text of a mapping in braces that has one key and no value."""
    if isinstance(node, MappingNode) and node.flow_style and len(node.value) == 1:
        key, value = node.value[0]
        if isinstance(key, ScalarNode) and isinstance(value, ScalarNode) and not value.value:
            return f"{{{key.value}}}"
    return None


def _unquoted_text(error: _SchemaError) -> str | None:
    """Return the text that YAML read as a comment, an anchor or a list; None if it read none."""
    node = error.node
    if isinstance(node, ScalarNode) and not node.value and not node.style:
        match = _UNREAD_TEXT.match(error.rest_of_line)
        return match[0] if match else None
    if not isinstance(node, SequenceNode | MappingNode) or not node.flow_style:
        return None
    start, end = node.start_mark, node.end_mark
    text = error.rest_of_line[: end.column - start.column] if start.line == end.line else ""
    # Globs and keys may hold brackets; elsewhere a list in brackets is intended.
    is_text = not text.startswith("{") and (text[:1] != "[" or not _MAY_HOLD_BRACKETS.isdisjoint(error.path))
    return text if is_text and text else None


def _explain_missing_keys(error: _SchemaError) -> Iterator[SchemaProblem]:
    unknown = [key for key in error.value if key not in error.schema["properties"]]
    for key in error.expected:
        # A misspelt key is reported as unknown, not also as missing.
        if key not in error.value and not get_close_matches(key, unknown):
            yield SchemaProblem(error.path, f"{key} is missing; add it", discard_value=False)


def _explain_identity(error: _SchemaError) -> Iterator[SchemaProblem]:
    # An unknown key may be a misspelt id or tenant, and is reported by itself.
    if isinstance(error.value, dict) and error.value.keys() <= error.schema["properties"].keys():
        message = "a distribution has either an id or a tenant; write one of them"
        yield SchemaProblem(error.path, message, discard_value=False)


def _explain_lone_key(error: _SchemaError) -> Iterator[SchemaProblem]:
    for key, others in error.expected.items():
        if key in error.value and not error.value.keys() >= set(others):
            names = " and ".join(others)
            message = f"{key} requires {names}; add {names}, or remove {key}"
            yield SchemaProblem((*error.path, key), message, at_key=True, discard_value=False)


def _type_message(error: _SchemaError) -> str:
    types = [error.expected] if isinstance(error.expected, str) else list(error.expected)
    return _unquoted_message(error, types) or _wrong_type_message(error, types)


def _unquoted_message(error: _SchemaError, types: list[str]) -> str | None:
    """Return the message of a text that YAML reads as another type because it has no quotes."""
    text = _unquoted_text(error)
    if text and "string" in types:
        return f"{explain_reading(text)}; quote it: {quote(text)}"
    if text and types == ["array"]:
        return f"{explain_reading(text)}; write [{quote(text)}]"
    if "string" not in types:
        return None
    if isinstance(error.node, ScalarNode) and not error.node.value and error.rest_of_line.startswith("#"):
        return "a comment and no value; write text, or remove the key"
    return yaml_type_hint(error.node) or _unquoted_mapping(error.node)


def _wrong_type_message(error: _SchemaError, types: list[str]) -> str:
    message = f"expected {' or '.join(_TYPE_NAMES[name] for name in types)}, not {_describe(error.value)}"
    if types == ["array"]:
        cure = _list_cure(error.node)
        return f"{message}; {cure}" if cure else message
    if isinstance(error.node, ScalarNode) and error.node.style in ("'", '"') and types != ["object"]:
        return f"{message}; remove the quotes"
    return message


def _list_cure(node: Node) -> str | None:
    if isinstance(node, ScalarNode):
        if not node.style and re.match(r"-\w", node.value):
            return f"write a space after the dash: - {node.value[1:]}"
        # `a, b` without quotes is probably two items, with quotes one.
        texts = node.value.split(", ") if not node.style else [node.value]
        return f"write [{', '.join(map(flow_text, texts))}]" if node.value else None
    capture = _capture(node)
    if capture:
        return f"write [{quote(capture)}]"
    return "start each item with a dash and a space" if isinstance(node, MappingNode) and not node.flow_style else None


def _explain_choice(error: _SchemaError) -> Iterator[SchemaProblem]:
    # A value of another type is reported as such.
    if isinstance(error.value, str):
        message = f"unknown value {quote(error.value)}; {did_you_mean(error.value, error.expected)}"
        yield SchemaProblem(error.path, message)


def _explain_duplicates(error: _SchemaError) -> Iterator[SchemaProblem]:
    seen: set[str] = set()
    for index, item in enumerate(error.value):
        # By repr: items may be mappings, which are not hashable, and 1 equals True.
        if repr(item) in seen:
            yield SchemaProblem((*error.path, index), f"duplicate item {_describe(item)}; keep one")
        seen.add(repr(item))


def _explain_with(message: Callable[[_SchemaError], str]) -> Callable[[_SchemaError], Iterator[SchemaProblem]]:
    return lambda error: iter([SchemaProblem(error.path, message(error))])


def _describe(value: object) -> str:
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    if value is None or isinstance(value, bool):
        return {None: "nothing", True: "true", False: "false"}[value]
    return "a date" if value is DATE else str(value)


# By the schema's keyword; jsonschema's own messages name types and paths as JSON does, without a cure.
_EXPLAINERS: dict[str, Callable[[_SchemaError], Iterator[SchemaProblem]]] = {
    "additionalProperties": _explain_unknown_keys,
    "required": _explain_missing_keys,
    "dependentRequired": _explain_lone_key,
    "oneOf": _explain_identity,
    "type": _explain_with(_type_message),
    "enum": _explain_choice,
    "uniqueItems": _explain_duplicates,
    "minItems": _explain_with(lambda _: "an empty list; write at least one item"),
    "minLength": _explain_with(lambda _: "an empty text; write text, or remove it"),
    "maxLength": _explain_with(
        lambda error: f"a text of {len(error.value):,} characters; write at most {error.expected:,}"
    ),
    "minimum": _explain_with(lambda error: f"{error.value} is too small; write at least {error.expected}"),
    "maximum": _explain_with(lambda error: f"{error.value} is too large; write at most {error.expected}"),
}
