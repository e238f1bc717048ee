"""Characters that don't belong into a map: merge-conflict markers, and what no editor shows."""

import re
import unicodedata
from collections.abc import Iterator
from itertools import islice

# White space but space, tab and line end; format characters (category Cf); letters without a glyph.
INVISIBLE = re.compile(
    "[\x85\u00a0\u00ad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000"
    "\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e007f]"
)
# In scripts and emoji that join their characters these two, and tags, mean something.
_JOINERS = re.compile("[\u200c\u200d\U000e0020-\U000e007f]")

_MAX_MARKERS = 12
_MARKER = re.compile(r"^(?:<{7}|\|{7}|={7}|>{7})(?= |\r?$).*$", re.MULTILINE)


def conflict_markers(text: str, *, are_certain: bool = True) -> list[int]:
    """Find the first lines, from 0, that are merge-conflict markers; a lone row of = or | isn't certain."""
    found = [*islice(_MARKER.finditer(text), _MAX_MARKERS)]
    is_conflict = not are_certain or any(match[0][0] in "<>" for match in found)
    return [text.count("\n", 0, match.start()) for match in found] if is_conflict else []


def invisible_places(text: str) -> Iterator[int]:
    """Find what no editor shows, but for what joins two characters beyond ASCII."""
    for match in INVISIBLE.finditer(text):
        before, after = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
        if not _JOINERS.fullmatch(match[0]) or before.isascii() or after.isascii():
            yield match.start()


def character_name(character: str) -> str:
    """Name a character by its code and its name in Unicode."""
    name = unicodedata.name(character, "").lower()
    return f"U+{ord(character):04X} ({name})" if name else f"U+{ord(character):04X}"


def plain_text(text: str) -> str:
    """Put spaces in place of other white space, and nothing in place of what else is invisible."""
    return INVISIBLE.sub(lambda match: " " if unicodedata.category(match[0]).startswith("Z") else "", text)
