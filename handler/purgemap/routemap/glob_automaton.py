"""A glob as an automaton that reads each character of a key once, whatever the glob.

The state is a set of places in the glob, held as the bits of one integer (the Shift-And algorithm, Baeza-Yates and
Gonnet 1992): bit n is set if what was read so far may end before the glob's n-th atom.
"""

import re
from collections import defaultdict
from collections.abc import Sequence

from purgemap.routemap.glob_syntax import GlobPart, GlobPartKind

# Characters whose transitions are remembered; a key holds at most 1,024.
_MAX_REMEMBERED = 4096


class GlobAutomaton:
    """Matches a text in as many steps as it has characters."""

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
            # Either passed over as a whole, or left by a slash.
            self._optional |= self._end
            self._texts["/"] |= self._end
            self._end <<= 1

    def _with_optional(self, reached: int) -> int:
        """Add the places behind each `**/` that was just reached. Two of them never follow one another."""
        return reached | (reached & self._optional) << 1

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
        """Return the places that the character moves on from."""
        advance = self._advances.get(character)
        if advance is None:
            if len(self._advances) >= _MAX_REMEMBERED:
                self._advances.clear()
            advance = self._advances[character] = self._find_advance(character)
        return advance

    def _find_advance(self, character: str) -> int:
        advance = self._texts.get(character, 0)
        if character != "/":
            advance |= self._any
        for members, place in self._sets:
            if members.match(character):
                advance |= place
        return advance
