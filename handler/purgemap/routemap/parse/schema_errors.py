"""An error of the JSON schema → what is wrong and what to write, for the person who wrote the map."""

import re
from collections.abc import Callable, Iterator, Sequence
from difflib import get_close_matches
from typing import Any, NamedTuple

from jsonschema import ValidationError
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from purgemap.routemap.parse.schema import list_places
from purgemap.routemap.parse.yaml_quoting import reading_of
from purgemap.routemap.parse.yaml_source import DATE, INVALID, Source, yaml_type_hint
from purgemap.routemap.problems import Path, did_you_mean, find_nearest, flow_text, quote

_MAY_HOLD_BRACKETS = frozenset({"prefix", "include", "exclude", "index_documents", "object"})
_JOINED_KEY = re.compile(r"\{[a-z_]+:\S")
_VOID_TEXT = re.compile(r"(?:&[^\s,\]}]+|#(?=\S)(?:(?! #).)*\S)(?=\s|$|[,\]}])")
_NOUNS = {
    "string": "text",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
}


class Fault(NamedTuple):
    """One thing that the schema refuses.

    `message` is None where the source has told it; `at_key` points at the key; `is_void`: the value is of no use.
    """

    path: Path
    message: str | None
    at_key: bool = False
    is_void: bool = True


class _Refusal(NamedTuple):
    """An error of the schema: the value, its path and node; the keyword's value and the schema around it."""

    path: Path
    value: Any
    node: Node
    wanted: Any
    schema: Any
    rest_of_line: str


def explain_errors(error: ValidationError, source: Source) -> Iterator[Fault]:
    """Turn one error of the schema into a fault for each mistake behind it."""
    path: Path = tuple(error.absolute_path)
    node = source.node(path)
    refusal = _Refusal(path, error.instance, node, error.validator_value, error.schema, source.rest_of_line(node))
    if refusal.value is INVALID:
        yield Fault(path, None)
    elif "propertyNames" in error.absolute_schema_path:
        yield Fault((*path, str(refusal.value)), _schema_message(refusal), at_key=True, is_void=False)
    else:
        yield from _TELLERS.get(str(error.validator), _tell_by_schema)(refusal)


def _tell_by_schema(refusal: _Refusal) -> Iterator[Fault]:
    yield Fault(refusal.path, _schema_message(refusal))


def _schema_message(refusal: _Refusal) -> str:
    return f"{_shown(refusal.value)}: {refusal.schema['errorMessage']}"


def _tell_unknown_keys(refusal: _Refusal) -> Iterator[Fault]:
    known = list(refusal.schema["properties"])
    free = [re.compile(pattern) for pattern in refusal.schema.get("patternProperties", ())]
    for key in refusal.value:
        if key not in known and not any(pattern.search(key) for pattern in free):
            message = _unquoted_mapping(refusal.node) or f"unknown key {quote(key)}; {_key_cure(key, known)}"
            yield Fault((*refusal.path, key), message, at_key=True)


def _key_cure(key: str, known: Sequence[str]) -> str:
    """Name a known key like this one, else the parts of a map where the key belongs, else all known keys."""
    places = list_places(key)
    if places and find_nearest(key, known) is None:
        return f"write it {' or '.join(places)}"
    return did_you_mean(key, known)


def _unquoted_mapping(node: Node) -> str | None:
    """Say that a mapping is `{name}`, a capture without its quotes, or `{key:value}`; None for any other node."""
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


def _unquoted_text(refusal: _Refusal) -> str | None:
    """Return the text that YAML read as a comment, an anchor or a list; None where it read none."""
    if isinstance(refusal.node, SequenceNode | MappingNode) and refusal.node.flow_style:
        return _text_in_brackets(refusal)
    if isinstance(refusal.node, ScalarNode) and not refusal.node.value and not refusal.node.style:
        text = _VOID_TEXT.match(refusal.rest_of_line)
        return text[0] if text else None
    return None


def _text_in_brackets(refusal: _Refusal) -> str | None:
    """Return the text of a list where brackets are text too, or of a mapping without braces, on one line."""
    start, end = refusal.node.start_mark, refusal.node.end_mark
    text = refusal.rest_of_line[: end.column - start.column] if start.line == end.line else ""
    is_text = not text.startswith("{") and (text[:1] != "[" or not _MAY_HOLD_BRACKETS.isdisjoint(refusal.path))
    return text if is_text and text else None


def _tell_missing_keys(refusal: _Refusal) -> Iterator[Fault]:
    unknown = [key for key in refusal.value if key not in refusal.schema["properties"]]
    for key in refusal.wanted:
        # A misspelt key is told as such, not also as one that is missing.
        if key not in refusal.value and not get_close_matches(key, unknown):
            yield Fault(refusal.path, f"{key} is missing", is_void=False)


def _tell_identity(refusal: _Refusal) -> Iterator[Fault]:
    """Tell of a distribution without id or tenant, or with both; what else stands there is told by itself."""
    if isinstance(refusal.value, dict) and refusal.value.keys() <= refusal.schema["properties"].keys():
        yield Fault(refusal.path, "a distribution has either an id or a tenant; write one of them", is_void=False)


def _tell_lone_key(refusal: _Refusal) -> Iterator[Fault]:
    for key, others in refusal.wanted.items():
        if key in refusal.value and not refusal.value.keys() >= set(others):
            message = f"{key} means nothing without {' and '.join(others)}"
            yield Fault((*refusal.path, key), message, at_key=True, is_void=False)


def _tell_type(refusal: _Refusal) -> Iterator[Fault]:
    wanted = [refusal.wanted] if isinstance(refusal.wanted, str) else list(refusal.wanted)
    yield Fault(refusal.path, _misread_message(refusal, wanted) or _type_message(refusal, wanted))


def _misread_message(refusal: _Refusal, wanted: list[str]) -> str | None:
    """Say that a text reads as something else for lack of quotes; None for what isn't text."""
    text = _unquoted_text(refusal)
    if text and "string" in wanted:
        return f"{reading_of(text)}; quote it: {quote(text)}"
    if text and wanted == ["array"]:
        return f"{reading_of(text)}; write [{quote(text)}]"
    if "string" not in wanted:
        return None
    if isinstance(refusal.node, ScalarNode) and not refusal.node.value and refusal.rest_of_line.startswith("#"):
        return "a comment, and no value; write text, or leave the key out"
    return yaml_type_hint(refusal.node) or _unquoted_mapping(refusal.node)


def _type_message(refusal: _Refusal, wanted: list[str]) -> str:
    message = f"expected {' or '.join(_NOUNS[kind] for kind in wanted)}, not {_shown(refusal.value)}"
    if wanted == ["array"]:
        cure = _list_cure(refusal.node)
        return f"{message}; {cure}" if cure else message
    if isinstance(refusal.node, ScalarNode) and refusal.node.style in ("'", '"') and wanted != ["object"]:
        return f"{message}; take the quotes away"
    return message


def _list_cure(node: Node) -> str | None:
    """Say how the value is written as a list."""
    if isinstance(node, ScalarNode):
        if not node.style and re.match(r"-\w", node.value):
            return f"write a space after the dash: - {node.value[1:]}"
        texts = node.value.split(", ") if not node.style else [node.value]
        return f"write [{', '.join(map(flow_text, texts))}]" if node.value else None
    capture = _capture(node)
    if capture:
        return f"write [{quote(capture)}]"
    return "start each item with a dash and a space" if isinstance(node, MappingNode) and not node.flow_style else None


def _tell_choice(refusal: _Refusal) -> Iterator[Fault]:
    if isinstance(refusal.value, str):
        message = f"{_shown(refusal.value)} is unknown here; {did_you_mean(refusal.value, refusal.wanted)}"
        yield Fault(refusal.path, message)


def _tell_repetition(refusal: _Refusal) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, item in enumerate(refusal.value):
        if repr(item) in seen:
            yield Fault((*refusal.path, index), f"{_shown(item)} stands here twice; keep one")
        seen.add(repr(item))


def _tell_empty_list(refusal: _Refusal) -> Iterator[Fault]:
    yield Fault(refusal.path, "an empty list; write at least one item")


def _tell_empty_text(refusal: _Refusal) -> Iterator[Fault]:
    yield Fault(refusal.path, "an empty text; write something, or take it away")


def _tell_long_text(refusal: _Refusal) -> Iterator[Fault]:
    message = f"a text of {len(refusal.value):,} characters; write at most {refusal.wanted:,}"
    yield Fault(refusal.path, message)


def _tell_minimum(refusal: _Refusal) -> Iterator[Fault]:
    yield Fault(refusal.path, f"{refusal.value} is too small; the least is {refusal.wanted}")


def _tell_maximum(refusal: _Refusal) -> Iterator[Fault]:
    yield Fault(refusal.path, f"{refusal.value} is too large; the most is {refusal.wanted}")


def _shown(value: object) -> str:
    """Show a value in a message, as YAML has it, and short."""
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    if value is None or isinstance(value, bool):
        return {None: "nothing", True: "true", False: "false"}[value]
    return "a date" if value is DATE else str(value)


_TELLERS: dict[str, Callable[[_Refusal], Iterator[Fault]]] = {
    "additionalProperties": _tell_unknown_keys,
    "required": _tell_missing_keys,
    "dependentRequired": _tell_lone_key,
    "oneOf": _tell_identity,
    "type": _tell_type,
    "enum": _tell_choice,
    "uniqueItems": _tell_repetition,
    "minItems": _tell_empty_list,
    "minLength": _tell_empty_text,
    "maxLength": _tell_long_text,
    "minimum": _tell_minimum,
    "maximum": _tell_maximum,
}
