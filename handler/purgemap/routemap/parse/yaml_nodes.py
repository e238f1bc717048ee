"""Compose the text of a YAML file into nodes, within limits of size, depth and repetition."""

from typing import NamedTuple

import yaml
from yaml.composer import ComposerError
from yaml.nodes import MappingNode, Node, SequenceNode
from yaml.reader import ReaderError

from purgemap.routemap.parse.yaml_syntax import LOADER, TOO_DEEP, check_conflict_markers, syntax_error
from purgemap.routemap.problems import MapError, file_error

MAX_BYTES = 8 * 1024 * 1024
# A map needs seven levels; libyaml overflows the stack at some ten thousand.
MAX_DEPTH = 20
# How many times larger than its text a map may become through aliases.
MAX_REPETITION = 10
# Nodes that aliases may always add, so that small maps can use them freely.
_ALIAS_ALLOWANCE = 1000


class _BoundedLoader(LOADER):  # type: ignore[misc, valid-type]  # the base is the fastest loader at hand
    """A loader that stops at MAX_DEPTH, by the hooks that the composer calls around every node."""

    depth = 0

    def descend_resolver(self, parent: Node | None, index: Node | int | None) -> None:  # noqa: ARG002 - PyYAML's hook
        self.depth += 1
        if parent is not None and self.depth > MAX_DEPTH:
            raise ComposerError(None, None, TOO_DEEP, parent.start_mark)

    def ascend_resolver(self) -> None:
        self.depth -= 1


def decode_text(file: str, data: bytes) -> str:
    """Decode a file's bytes; raises MapError if it is too large or not UTF-8."""
    if len(data) > MAX_BYTES:
        message = f"{len(data):,} bytes; a file of the map has at most {MAX_BYTES:,}: split it into a folder"
        raise file_error(file, message)
    try:
        # Some editors of Windows write a byte-order mark.
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        message = f"byte 0x{data[error.start]:02x} is not UTF-8; save the file as UTF-8"
        raise _error_after(file, before, message) from None


def compose_nodes(file: str, text: str) -> Node:
    """Compose a file's text into one YAML document.

    Raises MapError for a text without a usable tree: invalid syntax, conflict markers, no document or several, a limit.
    """
    check_conflict_markers(file, text)
    try:
        root = yaml.compose(text, Loader=_BoundedLoader)
    except yaml.MarkedYAMLError as error:
        raise syntax_error(file, text, error) from None
    except ReaderError as error:
        # Located by its first occurrence: libyaml counts bytes, PyYAML's own reader characters.
        character = chr(error.character)
        message = f"YAML does not allow the character {character!a}; remove it"
        raise _error_after(file, text.partition(character)[0], message) from None
    if root is None:
        raise file_error(file, "the file is empty; start the map with version: 1")
    _check_extent(file, root)
    return root


def _error_after(file: str, before: str, message: str) -> MapError:
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    return file_error(file, message, line=line, column=column)


class _Extent(NamedTuple):
    """The size of a node with its aliases expanded."""

    nodes: float
    levels: int


def _check_extent(file: str, root: Node) -> None:
    extents: dict[int, _Extent | None] = {}
    extent = _measure(file, root, extents)
    if extent.nodes > _ALIAS_ALLOWANCE + MAX_REPETITION * len(extents):
        message = f"aliases expand the file to more than {MAX_REPETITION} times its size; write the values out"
        raise file_error(file, message)
    if extent.levels > MAX_DEPTH:
        raise file_error(file, f"aliases nest the file more than {MAX_DEPTH} levels deep; write the values out")


def _measure(file: str, node: Node, extents: dict[int, _Extent | None]) -> _Extent:
    """Measure a node; an extent of None marks a node whose measuring has begun."""
    # Each node is visited once, so an alias bomb costs no more than its text.
    if id(node) not in extents:
        extents[id(node)] = None
        children = [_measure(file, child, extents) for child in _children(node)]
        nodes = 1 + sum(extent.nodes for extent in children)
        extents[id(node)] = _Extent(nodes, 1 + max((extent.levels for extent in children), default=0))
    extent = extents[id(node)]
    if extent is None:
        mark, message = node.start_mark, "an alias inside its own anchor; remove the alias"
        raise file_error(file, message, line=mark.line + 1, column=mark.column + 1)
    return extent


def _children(node: Node) -> list[Node]:
    if isinstance(node, MappingNode):
        return [child for pair in node.value for child in pair]
    return node.value if isinstance(node, SequenceNode) else []
