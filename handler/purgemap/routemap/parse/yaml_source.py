"""Parse a YAML file of the map into plain values, and locate every value in the file."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from yaml.constructor import ConstructorError, SafeConstructor
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from purgemap.routemap.parse.yaml_misreadings import find_misreadings
from purgemap.routemap.parse.yaml_nodes import compose_nodes, decode_text
from purgemap.routemap.parse.yaml_quoting import explain_reading
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
_TAG_TEXT = re.compile(r"![^\s,\]}]*")
_MAX_SHOWN = 80
# A date, which no setting accepts, and a value already reported. Neither matches a type of the schema.
DATE, INVALID = object(), object()


class Source:
    """A YAML file of the map: its plain value, and the node of each value.

    `problems`: duplicate keys, non-string keys, unsupported tags and misreadings. `reported_paths`: the paths of the
    errors. A value that aliases repeat is reported once. Raises MapError if the file cannot be parsed.
    """

    def __init__(self, file: str, data: bytes) -> None:
        self.file = file
        text = decode_text(file, data)
        self._root = compose_nodes(file, text)
        self._pairs: dict[int, dict[str, tuple[Node, Node]]] = {}
        self._lines = text.splitlines()
        # Before the reader: it replaces `<<` keys in the nodes.
        misreadings = find_misreadings(file, text, self._root)
        reader = _ValueReader(file, self.rest_of_line)
        self.value = reader.read(self._root, ())
        self.problems = (*reader.problems, *misreadings)
        self.reported_paths = frozenset(problem.path for problem in reader.problems)

    def node(self, path: Path, *, at_key: bool = False) -> Node:
        """Find the node of a value or of its key; the last node on the way of a path that leads nowhere."""
        key = node = self._root
        for step in path:
            if isinstance(node, MappingNode) and step in self._pairs_of(node):
                key, node = self._pairs_of(node)[str(step)]
            elif isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
                key = node = node.value[step]
        return key if at_key else node

    def rest_of_line(self, node: Node) -> str:
        """Return the file's text from a node's start to the end of the line."""
        mark = node.start_mark
        return self._lines[mark.line][mark.column :].strip() if mark.line < len(self._lines) else ""

    def _pairs_of(self, node: MappingNode) -> dict[str, tuple[Node, Node]]:
        # Cached: a problem in each of 10,000 routes would otherwise walk all keys 10,000 times.
        if id(node) not in self._pairs:
            self._pairs[id(node)] = {key.value: (key, value) for key, value in _scalar_pairs(node)}
        return self._pairs[id(node)]


@dataclass(frozen=True, slots=True)
class Location:
    """A value of the map by its file and path."""

    source: Source
    path: Path

    def __truediv__(self, step: str | int) -> "Location":
        """Return the location of an entry or item."""
        return Location(self.source, (*self.path, step))

    @property
    def line(self) -> int:
        """The line on which the value starts."""
        return int(self.source.node(self.path).start_mark.line) + 1

    @property
    def text(self) -> str:
        """The text `file:line`, to refer to the value in another problem's message."""
        return f"{self.source.file}:{self.line}"

    def error(self, message: str, *, at_key: bool = False) -> Problem:
        """Return a problem of the value, or of its key, that makes the map invalid."""
        node = self.source.node(self.path, at_key=at_key)
        return _problem_at("error", self.source.file, node, self.path, message)

    def warning(self, message: str, *, at_key: bool = False) -> Problem:
        """Return a problem of the value, or of its key, that is allowed but rarely intended."""
        node = self.source.node(self.path, at_key=at_key)
        return _problem_at("warning", self.source.file, node, self.path, message)


def _problem_at(severity: Severity, file: str, node: Node, path: Path, message: str) -> Problem:
    mark = node.start_mark
    return Problem(severity, file, mark.line + 1, mark.column + 1, path_text(path), escape_control_characters(message))


class _ValueReader:
    """A reader of nodes as plain values: mappings, lists, text, numbers, booleans and None."""

    def __init__(self, file: str, rest_of_line: Callable[[Node], str]) -> None:
        self._rest_of_line = rest_of_line
        self.problems: list[Problem] = []
        self._file = file
        self._constructor = SafeConstructor()
        self._values: dict[int, Any] = {}

    def read(self, node: Node, path: Path) -> Any:
        """Read a node once: aliases share its value."""
        # By identity: aliases are the same node, and a bomb of them must not be walked.
        if id(node) not in self._values:
            self._values[id(node)] = self._read_once(node, path)
        return self._values[id(node)]

    def _read_once(self, node: Node, path: Path) -> Any:
        if node.tag not in _TAGS_BY_NODE[type(node)]:
            message = self._unquoted_tag(node) or f"unsupported YAML tag {_tag_text(node.tag)}; remove it"
            self._report(node, path, message)
            return INVALID
        if isinstance(node, MappingNode):
            node.value = list(self._checked_pairs(node, path))
            self._merge(node, path)
            return {key.value: self.read(value, (*path, key.value)) for key, value in _scalar_pairs(node)}
        if isinstance(node, SequenceNode):
            return [self.read(item, (*path, index)) for index, item in enumerate(node.value)]
        return self._read_scalar(node, path)

    def _unquoted_tag(self, node: Node) -> str | None:
        """Return the message of a text that starts with `!`; None for a tag before a value."""
        if node.value or not isinstance(node, ScalarNode):
            return None
        text = _TAG_TEXT.match(self._rest_of_line(node))
        return f"{explain_reading('!')}; quote it: {quote(text[0])}" if text else None

    def _read_scalar(self, node: Node, path: Path) -> Any:
        # Below `x-…` keys, which purgemap does not use, text may span lines.
        is_free = bool(path) and str(path[0]).startswith("x-")
        if not getattr(node, "style", None) and node.end_mark.line > node.start_mark.line and not is_free:
            self._report(node, path, _joined_lines_message(node))
        if node.tag in _TEXT_TAGS:
            message = None if getattr(node, "style", None) else self._unquoted_tag(node)
            if message:
                self._report(node, path, message)
            return node.value
        # Not constructed: a date of an impossible month would raise.
        if node.tag == f"{_TAG}timestamp":
            return DATE
        try:
            return self._constructor.construct_object(node)
        except (ValueError, LookupError, ArithmeticError):
            message = f"{quote(node.value)} does not match its tag {_tag_text(node.tag)}; remove the tag"
            self._report(node, path, message)
            return INVALID

    def _checked_pairs(self, node: MappingNode, path: Path) -> Iterator[tuple[Node, Node]]:
        first_lines: dict[str, int] = {}
        for key, value in node.value:
            if not isinstance(key, ScalarNode):
                self._report(key, path, "the key is a list or mapping; write text, and quote a {capture}")
                continue
            key_path = (*path, key.value)
            if key.tag not in _TEXT_TAGS and key.tag != _MERGE:
                tag_message = f"unsupported YAML tag {_tag_text(key.tag)} on a key; remove it"
                self._report(key, key_path, yaml_type_hint(key) or tag_message)
            if key.value in first_lines:
                message = f"duplicate key, first defined on line {first_lines[key.value]}; keep one"
                self._report(key, key_path, message)
            first_lines.setdefault(key.value, key.start_mark.line + 1)
            yield key, value

    def _merge(self, node: MappingNode, path: Path) -> None:
        # PyYAML puts merged pairs first, so the mapping's own keys win.
        try:
            self._constructor.flatten_mapping(node)
        except ConstructorError as error:
            self._report(node, (*path, "<<"), f"{error.problem}; write an alias of a mapping after <<")
            node.value = [pair for pair in node.value if pair[0].tag != _MERGE]

    def _report(self, node: Node, path: Path, message: str) -> None:
        self.problems.append(_problem_at("error", self._file, node, path, message))


def _scalar_pairs(node: MappingNode) -> Iterator[tuple[Node, Node]]:
    return ((key, value) for key, value in node.value if isinstance(key, ScalarNode))


def yaml_type_hint(node: Node) -> str | None:
    """Explain how YAML 1.1 reads plain text as another type; None if it reads text."""
    if not isinstance(node, ScalarNode) or node.tag in _TEXT_TAGS or node.tag not in _TAGS_BY_NODE[ScalarNode]:
        return None
    if not node.value:
        return "the value is empty; write text, or remove the key"
    return f"YAML reads {node.value} as {_parsed_as(node)}; quote it: {quote(node.value)}"


def _joined_lines_message(node: Node) -> str:
    line = node.start_mark.line + 2
    text = node.value if len(node.value) <= _MAX_SHOWN else f"{node.value[:_MAX_SHOWN]}…"
    return f"YAML joins line {line} to this text: {quote(text)}; fix the indentation of line {line}"


def _parsed_as(node: ScalarNode) -> str:
    kind = node.tag.removeprefix(_TAG)
    if kind == "bool":
        return "true" if SafeConstructor.bool_values.get(node.value.lower()) else "false"
    return {"null": "nothing", "timestamp": "a date"}.get(kind, "a number")


def _tag_text(tag: str) -> str:
    return tag.replace(_TAG, "!!") if tag.startswith(_TAG) else tag
