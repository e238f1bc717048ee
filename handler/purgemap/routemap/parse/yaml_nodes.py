"""The bytes of a YAML file → its tree of nodes, within limits of size, depth and repetition."""

import re
from collections.abc import Iterable
from typing import NamedTuple

import yaml
from yaml.composer import ComposerError
from yaml.nodes import MappingNode, Node, SequenceNode
from yaml.reader import ReaderError

from purgemap.routemap.parse.characters import conflict_markers
from purgemap.routemap.parse.yaml_repairs import Fault, find_unquoted
from purgemap.routemap.parse.yaml_syntax import find_cures
from purgemap.routemap.problems import MapError, file_error
from purgemap.text import escape_control_characters

MAX_BYTES = 8 * 1024 * 1024
MAX_DEPTH = 20
"""A map needs seven levels; libyaml overruns the stack at some ten thousands."""
MAX_REPETITION = 10
"""How many times as large as written a map may become through its aliases."""
_ALIAS_ALLOWANCE = 1000
"""Nodes that aliases may add to the smallest of maps."""

_TAB_INDENT = re.compile(r"[ -]*\t")
_CONFLICT = "a marker of a merge conflict; keep one of the two versions, and remove the marker"

_Loader: "type[yaml.CSafeLoader | yaml.SafeLoader]" = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _BoundedLoader(_Loader):  # type: ignore[misc, valid-type]  # the base is the fastest loader at hand
    """Composes nodes and stops at MAX_DEPTH, by the hooks that the composer calls around every node."""

    depth = 0

    def descend_resolver(self, parent: Node | None, index: Node | int | None) -> None:  # noqa: ARG002 - PyYAML's hook
        self.depth += 1
        if parent is not None and self.depth > MAX_DEPTH:
            raise ComposerError(None, None, "too many levels deep", parent.start_mark)

    def ascend_resolver(self) -> None:
        self.depth -= 1


def decode_text(file: str, data: bytes) -> str:
    """Decode a file's bytes; raises MapError for what isn't UTF-8, and for a file that is too large."""
    if len(data) > MAX_BYTES:
        raise file_error(
            file, f"{len(data):,} bytes; a file of the map has at most {MAX_BYTES:,}: split it into a folder"
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        message = f"byte 0x{data[error.start]:02x} isn't UTF-8; save the file as UTF-8"
        raise file_error(file, message, line=_line(before), column=_column(before)) from None


def compose_nodes(file: str, text: str) -> Node:
    """Read a file's text as one YAML document.

    Raises MapError for what leaves no tree to look at: broken syntax, conflict markers, several documents, nothing at
    all, and what passes a limit. An alias bomb is measured, never walked.
    """
    markers = conflict_markers(text)
    if markers:
        raise _errors(file, [Fault(line, 0, _CONFLICT) for line in markers])
    try:
        root = yaml.compose(text, Loader=_BoundedLoader)
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(file, text, error) from None
    except ReaderError as error:
        raise _character_error(file, text, error) from None
    if root is None:
        raise file_error(file, "an empty file; a map starts with version: 1")
    _check_extent(file, root)
    return root


def _character_error(file: str, text: str, error: ReaderError) -> MapError:
    # By its first occurrence: libyaml counts bytes, PyYAML's own reader characters.
    character = chr(error.character)
    before = text.partition(character)[0]
    message = f"the character {character!a} can't stand in YAML; take it out"
    return file_error(file, message, line=_line(before), column=_column(before))


def _line(before: str) -> int:
    return before.count("\n") + 1


def _column(before: str) -> int:
    return len(before) - (before.rfind("\n") + 1) + 1


def _syntax_error(file: str, text: str, error: yaml.MarkedYAMLError) -> MapError:
    mark = error.problem_mark or error.context_mark
    if mark is None:
        return file_error(file, f"not YAML: {error.problem}")
    lines = text.splitlines()
    line = lines[mark.line] if mark.line < len(lines) else ""
    tab = _TAB_INDENT.match(line)
    if tab:
        return file_error(file, "a tab; indent with spaces", line=mark.line + 1, column=tab.end())
    lone = [Fault(line, 0, _CONFLICT) for line in conflict_markers(text, are_certain=False)]
    # Aliases, documents and limits are the composer's: the text itself is YAML.
    cures, uncured = ([], error) if isinstance(error, ComposerError) else find_cures(text, error)
    rest = [Fault(*_position(uncured), _syntax_message(text, uncured))] if uncured else []
    return _errors(file, lone or [*cures, *rest])


def _position(error: yaml.MarkedYAMLError) -> tuple[int, int]:
    mark = error.problem_mark or error.context_mark
    return (mark.line, mark.column) if mark else (0, 0)


def _errors(file: str, faults: Iterable[Fault]) -> MapError:
    return MapError(
        problem
        for fault in faults
        for problem in file_error(
            file, escape_control_characters(fault.message), line=fault.line + 1, column=fault.column + 1
        ).problems
    )


_SYNTAX_MESSAGES = (
    ("levels deep", "more levels than a map has; it needs no more than seven"),
    ("single document", "a second document; a file holds one: move it into a file of its own, in a folder of parts"),
)


def _syntax_message(text: str, error: yaml.MarkedYAMLError) -> str:
    said = ", ".join(text for text in (error.context, error.problem) if text)
    known = next((message for phrase, message in _SYNTAX_MESSAGES if phrase in said), None)
    if known:
        return known
    mark = error.problem_mark
    if mark and "undefined alias" in said:
        unquoted = find_unquoted(text, mark.line, mark.column)
        cure = f": {unquoted.quote}" if unquoted else ""
        return f"an alias without its anchor; write the anchor before it, or quote it if it is text{cure}"
    return f"{said}; quote it" if "cannot start any token" in said else f"not YAML: {said}"


class _Extent(NamedTuple):
    """How large a node is with its aliases written out."""

    nodes: float
    levels: int


def _check_extent(file: str, root: Node) -> None:
    extents: dict[int, _Extent | None] = {}
    extent = _measure(file, root, extents)
    if extent.nodes > _ALIAS_ALLOWANCE + MAX_REPETITION * len(extents):
        message = f"aliases make it more than {MAX_REPETITION} times as large as written; write out what you need"
        raise file_error(file, message)
    if extent.levels > MAX_DEPTH:
        raise file_error(file, f"aliases make it more than {MAX_DEPTH} levels deep; write out what you need")


def _measure(file: str, node: Node, extents: dict[int, _Extent | None]) -> _Extent:
    """Measure a node, looking once at each; None stands for a node that is being measured."""
    if id(node) not in extents:
        extents[id(node)] = None
        below = [_measure(file, child, extents) for child in _children(node)]
        nodes = 1 + sum(extent.nodes for extent in below)
        extents[id(node)] = _Extent(nodes, 1 + max((extent.levels for extent in below), default=0))
    extent = extents[id(node)]
    if extent is None:
        mark = node.start_mark
        raise file_error(file, "an alias inside its own anchor", line=mark.line + 1, column=mark.column + 1)
    return extent


def _children(node: Node) -> list[Node]:
    if isinstance(node, MappingNode):
        return [child for pair in node.value for child in pair]
    return node.value if isinstance(node, SequenceNode) else []
