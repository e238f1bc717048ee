"""One YAML file of the map → its plain value, and where each node of it stands."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from yaml.constructor import ConstructorError, SafeConstructor
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from purgemap.routemap.parse.yaml_nodes import compose_nodes, decode_text
from purgemap.routemap.parse.yaml_quoting import reading_of
from purgemap.routemap.parse.yaml_scalars import Reading, find_readings
from purgemap.routemap.problems import Path, Problem, Severity, path_text, quote
from purgemap.text import escape_control_characters

_TAG = "tag:yaml.org,2002:"
_MERGE = f"{_TAG}merge"
_TEXT_TAGS = frozenset({f"{_TAG}str", f"{_TAG}value"})
_TAGS_BY_NODE: dict[type[Node], frozenset[str]] = {
    ScalarNode: _TEXT_TAGS | {_TAG + name for name in ("bool", "int", "float", "null", "timestamp")},
    SequenceNode: frozenset({f"{_TAG}seq"}),
    MappingNode: frozenset({f"{_TAG}map"}),
}
_BEYOND = "beyond plain YAML; take it away"
_TAG_TEXT = re.compile(r"![^\s,\]}]*")
_MAX_SHOWN = 80
DATE, INVALID = object(), object()
"""Stand for a date, of which the map has no use, and for what was told as a problem; neither passes as any type."""


class Source:
    """A YAML file of the map: its plain value, and where each node of it stands.

    `problems` holds what YAML lets pass and the map doesn't: repeated keys, keys that aren't text, foreign tags.
    `problem_paths` holds their paths. A value that aliases repeat is reported once.
    Raises MapError where nothing of the file can be used.
    """

    def __init__(self, file: str, data: bytes) -> None:
        self.file = file
        text = decode_text(file, data)
        self._root = compose_nodes(file, text)
        self._pairs: dict[int, dict[str, tuple[Node, Node]]] = {}
        self._lines = text.splitlines()
        readings = find_readings(text, self._root)
        reader = _Reader(file, self._lines)
        self.value = reader.read(self._root, ())
        self.problems = (*reader.problems, *(_warning(file, reading) for reading in readings))
        self.problem_paths = frozenset(problem.path for problem in reader.problems)

    def node(self, path: Path, *, at_key: bool = False) -> Node:
        """Find a value's node, or its key's; where the path leads nowhere, the last node on the way."""
        key = node = self._root
        for step in path:
            if isinstance(node, MappingNode) and step in self._pairs_of(node):
                key, node = self._pairs_of(node)[str(step)]
            elif isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
                key = node = node.value[step]
        return key if at_key else node

    def rest_of_line(self, node: Node) -> str:
        """Return what the file has from a node's start to the end of its line."""
        return _rest_of_line(self._lines, node)

    def _pairs_of(self, node: MappingNode) -> dict[str, tuple[Node, Node]]:
        if id(node) not in self._pairs:
            self._pairs[id(node)] = {key.value: (key, value) for key, value in _scalar_pairs(node)}
        return self._pairs[id(node)]


@dataclass(frozen=True, slots=True)
class Location:
    """A value of the map by its file and path, to say what is wrong with it."""

    source: Source
    path: Path

    def __truediv__(self, step: str | int) -> "Location":
        """Go one step down: the place of an entry or item."""
        return Location(self.source, (*self.path, step))

    @property
    def text(self) -> str:
        """Say where the value stands, as another problem's message does: `file:line`."""
        return f"{self.source.file}:{self.source.node(self.path).start_mark.line + 1}"

    def error(self, message: str, *, at_key: bool = False) -> Problem:
        """Make the problem of a value, or of its key, that keeps the map out of service."""
        return self._problem("error", message, at_key=at_key)

    def warning(self, message: str, *, at_key: bool = False) -> Problem:
        """Make the problem of a value, or of its key, that is allowed and rarely meant."""
        return self._problem("warning", message, at_key=at_key)

    def _problem(self, severity: Severity, message: str, *, at_key: bool) -> Problem:
        node = self.source.node(self.path, at_key=at_key)
        return _problem_at(severity, self.source.file, node, self.path, message)


def _problem_at(severity: Severity, file: str, node: Node, path: Path, message: str) -> Problem:
    mark = node.start_mark
    return Problem(severity, file, mark.line + 1, mark.column + 1, path_text(path), escape_control_characters(message))


def _warning(file: str, reading: Reading) -> Problem:
    path, line, column, message = reading
    return Problem("warning", file, line, column, path_text(path), escape_control_characters(message))


def _rest_of_line(lines: list[str], node: Node) -> str:
    mark = node.start_mark
    return lines[mark.line][mark.column :].strip() if mark.line < len(lines) else ""


class _Reader:
    """Turns nodes into plain values: mappings, lists, text, numbers, true, false and None."""

    def __init__(self, file: str, lines: list[str]) -> None:
        self._lines = lines
        self.problems: list[Problem] = []
        self._file = file
        self._constructor = SafeConstructor()
        self._values: dict[int, Any] = {}

    def read(self, node: Node, path: Path) -> Any:
        """Read a node, once: what aliases share stays shared."""
        if id(node) not in self._values:
            self._values[id(node)] = self._read_once(node, path)
        return self._values[id(node)]

    def _read_once(self, node: Node, path: Path) -> Any:
        if node.tag not in _TAGS_BY_NODE[type(node)]:
            self._report(node, path, self._unquoted_tag(node) or f"the tag {_tag_text(node.tag)} is {_BEYOND}")
            return INVALID
        if isinstance(node, MappingNode):
            node.value = list(self._checked_pairs(node, path))
            self._merge(node, path)
            return {key.value: self.read(value, (*path, key.value)) for key, value in _scalar_pairs(node)}
        if isinstance(node, SequenceNode):
            return [self.read(item, (*path, index)) for index, item in enumerate(node.value)]
        return self._read_scalar(node, path)

    def _unquoted_tag(self, node: Node) -> str | None:
        """Say that a text starts with !; None for a tag before a value."""
        if node.value or not isinstance(node, ScalarNode):
            return None
        text = _TAG_TEXT.match(_rest_of_line(self._lines, node))
        return f"{reading_of('!')}; quote it: {quote(text[0])}" if text else None

    def _read_scalar(self, node: Node, path: Path) -> Any:
        is_free = bool(path) and str(path[0]).startswith("x-")
        if not getattr(node, "style", None) and node.end_mark.line > node.start_mark.line and not is_free:
            self._report(node, path, _joined(node))
        if node.tag in _TEXT_TAGS:
            tag = None if node.value or getattr(node, "style", None) else self._unquoted_tag(node)
            if tag:
                self._report(node, path, tag)
            return node.value
        if node.tag == f"{_TAG}timestamp":
            return DATE
        try:
            return self._constructor.construct_object(node)
        except (ValueError, LookupError, ArithmeticError):
            message = f"{quote(node.value)} isn't what its tag {_tag_text(node.tag)} says; take it away"
            self._report(node, path, message)
            return INVALID

    def _checked_pairs(self, node: MappingNode, path: Path) -> Iterator[tuple[Node, Node]]:
        first_lines: dict[str, int] = {}
        for key, value in node.value:
            if not isinstance(key, ScalarNode):
                self._report(key, path, "a list or mapping as a key; a key is text, and {capture} has to be quoted")
                continue
            key_path = (*path, key.value)
            if key.tag not in _TEXT_TAGS and key.tag != _MERGE:
                beyond = f"the key's tag {_tag_text(key.tag)} is {_BEYOND}"
                self._report(key, key_path, yaml_type_hint(key) or beyond)
            if key.value in first_lines:
                self._report(key, key_path, f"the key stands here again, after line {first_lines[key.value]}; keep one")
            first_lines.setdefault(key.value, key.start_mark.line + 1)
            yield key, value

    def _merge(self, node: MappingNode, path: Path) -> None:
        """Write out `<<` keys; what the mapping says itself comes last and wins."""
        try:
            self._constructor.flatten_mapping(node)
        except ConstructorError as error:
            self._report(node, (*path, "<<"), f"{error.problem}; << takes an alias of a mapping")
            node.value = [pair for pair in node.value if pair[0].tag != _MERGE]

    def _report(self, node: Node, path: Path, message: str) -> None:
        self.problems.append(_problem_at("error", self._file, node, path, message))


def _scalar_pairs(node: MappingNode) -> Iterator[tuple[Node, Node]]:
    return ((key, value) for key, value in node.value if isinstance(key, ScalarNode))


def yaml_type_hint(node: Node) -> str | None:
    """Say how YAML 1.1 reads plain text as something else, and the cure; None where it reads text."""
    if not isinstance(node, ScalarNode) or node.tag in _TEXT_TAGS or node.tag not in _TAGS_BY_NODE[ScalarNode]:
        return None
    if not node.value:
        return "nothing stands here; write text, or leave the key out"
    return f"YAML reads {node.value} as {_reading(node)}; quote it: {quote(node.value)}"


def _joined(node: Node) -> str:
    following = node.start_mark.line + 2
    text = node.value if len(node.value) <= _MAX_SHOWN else f"{node.value[:_MAX_SHOWN]}…"
    return f"YAML joins line {following} to this text: {quote(text)}; fix the indentation of line {following}"


def _reading(node: ScalarNode) -> str:
    kind = node.tag.removeprefix(_TAG)
    if kind == "bool":
        return "true" if SafeConstructor.bool_values.get(node.value.lower()) else "false"
    return {"null": "nothing", "timestamp": "a date"}.get(kind, "a number")


def _tag_text(tag: str) -> str:
    return tag.replace(_TAG, "!!") if tag.startswith(_TAG) else tag
