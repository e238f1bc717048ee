"""A glob as an automaton that reads each character of a key once.

The state is a set of positions in the glob, held as the bits of one integer. Bit n is set if the characters read so
far match the atoms before the glob's n-th one. This is Shift-And: Baeza-Yates and Gonnet, https://doi.org/10.1145/135239.135243.
"""

import re
from collections import defaultdict
from collections.abc import Sequence

from purgemap.routemap.glob_syntax import GlobPart, GlobPartKind

# Uploaders choose the characters of keys, so the cache of transitions is bounded. A key has at most 1,024 characters.
_MAX_CACHED_CHARACTERS = 4096


class GlobAutomaton:
    """A matcher of texts that takes one step per character."""

    def __init__(self, parts: Sequence[GlobPart]) -> None:
        self._texts: dict[str, int] = defaultdict(int)
        self._sets: list[tuple[re.Pattern[str], int]] = []
        self._any = self._stays = self._stays_at_slash = self._optional = 0
        self._end = 1
        for part in parts:
            self._add(part)
        self._advances: dict[str, int] = {}
        self._start = self._with_optional(1)

    def _add(self, part: GlobPart) -> None:
        if part.kind is GlobPartKind.TEXT:
            for character in part.text:
                self._texts[character] |= self._end
                self._end <<= 1
            return
        if part.kind is GlobPartKind.ANY:
            self._any |= self._end
            self._end <<= 1
        elif part.kind is GlobPartKind.SET:
            self._sets.append((re.compile(part.text, re.DOTALL), self._end))
            self._end <<= 1
        else:
            self._add_wildcard(part.kind)

    def _add_wildcard(self, kind: GlobPartKind) -> None:
        self._stays |= self._end
        if kind is not GlobPartKind.STAR:
            self._stays_at_slash |= self._end
        if kind is GlobPartKind.FOLDERS:
            # `**/` matches no folder at all, or ends with the slash of its last one.
            self._optional |= self._end
            self._texts["/"] |= self._end
            self._end <<= 1

    def _with_optional(self, positions: int) -> int:
        """Add the positions after each `**/` that was just reached, since it may match no folder."""
        # One step is enough: the parser merges a `**/` that follows another.
        return positions | (positions & self._optional) << 1

    def matches(self, text: str) -> bool:
        """Return whether the glob matches the whole text."""
        state = self._start
        for character in text:
            stays = self._stays_at_slash if character == "/" else self._stays
            state = state & stays | self._with_optional((state & self._advance(character)) << 1)
            if not state:
                return False
        return bool(state & self._end)

    def _advance(self, character: str) -> int:
        """Return the positions whose atom matches the character."""
        advance = self._advances.get(character)
        if advance is None:
            if len(self._advances) >= _MAX_CACHED_CHARACTERS:
                self._advances.clear()
            advance = self._advances[character] = self._find_advance(character)
        return advance

    def _find_advance(self, character: str) -> int:
        advance = self._texts.get(character, 0)
        if character != "/":
            advance |= self._any
        for members, position in self._sets:
            if members.match(character):
                advance |= position
        return advance
