r"""The map's patterns: text of a bucket or prefix → what it matches, and the parts of a template.

A pattern is text with `*` (any run without `/`) and `{capture}` (a non-empty run without `/`).
`{{`, `}}` and `\\*` stand for the characters themselves; every other backslash is a backslash.
"""

import itertools
import re
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import NamedTuple

from purgemap.errors import PatternError


class Kind(Enum):
    """What a part of a pattern is."""

    LITERAL = "literal"
    CAPTURE = "capture"
    STAR = "star"


class Part(NamedTuple):
    """One part of a pattern: literal text, a capture's name, or a star (whose text is `*`)."""

    kind: Kind
    text: str


class Match(NamedTuple):
    """How a pattern matched: the text that it matched and what its captures hold."""

    text: str
    captures: Mapping[str, str]


_TOKEN = re.compile(
    r"(?P<escaped>\{\{|\}\}|\\\*)|\{(?P<capture>[A-Za-z_][A-Za-z0-9_]*)\}|(?P<star>\*)|(?P<brace>[{}])|(?P<text>[^{}*\\]+|\\)"
)
_ESCAPED = {"{{": "{", "}}": "}", r"\*": "*"}


def parse_parts(text: str) -> tuple[Part, ...]:
    """Split a pattern or template into its parts; neighbouring literals are joined.

    Raises PatternError for a brace that neither opens a capture nor is doubled.
    """
    return tuple(_join_literals(_parts(text)))


def _parts(text: str) -> Iterator[Part]:
    for token in _TOKEN.finditer(text):
        if token["brace"]:
            raise PatternError(f"{text!r}: a lone {token['brace']!r}; write {{name}} for a capture or double the brace")
        if token["capture"]:
            yield Part(Kind.CAPTURE, token["capture"])
        elif token["star"]:
            yield Part(Kind.STAR, "*")
        else:
            yield Part(Kind.LITERAL, _ESCAPED.get(token[0], token[0]))


def _join_literals(parts: Iterator[Part]) -> Iterator[Part]:
    literal = ""
    for part in parts:
        if part.kind is Kind.LITERAL:
            literal += part.text
            continue
        if literal:
            yield Part(Kind.LITERAL, literal)
            literal = ""
        yield part
    if literal:
        yield Part(Kind.LITERAL, literal)


def capture_names(parts: tuple[Part, ...]) -> tuple[str, ...]:
    """Return the names of a pattern's captures, in order and with repetitions."""
    return tuple(part.text for part in parts if part.kind is Kind.CAPTURE)


class Pattern:
    """A bucket or prefix pattern, ready to match.

    A bucket pattern matches the whole name, a prefix pattern the start of a key. A capture or star takes the
    shortest match that reaches the next literal. At a prefix's end a capture runs up to the next `/` or the
    key's end, and a star takes nothing, since a prefix selects by its start alone.
    """

    __slots__ = ("_parts", "_regex", "_whole", "captures", "is_plain_prefix", "literal_start", "text")

    def __init__(self, text: str, *, whole: bool) -> None:
        parts = parse_parts(text)
        _check_parts(text, parts)
        self.text = text
        self.captures = capture_names(parts)
        self.literal_start = parts[0].text if parts and parts[0].kind is Kind.LITERAL else ""
        is_literal = not parts or (len(parts) == 1 and parts[0].kind is Kind.LITERAL)
        # Nothing but a literal start, so that str.startswith decides.
        self.is_plain_prefix = is_literal and not whole
        self._parts = parts
        self._whole = whole
        self._regex: re.Pattern[str] | None = None

    def match(self, text: str) -> Match | None:
        """Match a bucket's name or a key's start."""
        if self.is_plain_prefix:
            return Match(self.literal_start, {}) if text.startswith(self.literal_start) else None
        if self._regex is None:
            # On first use: a map may hold ten thousand patterns, and most functions meet few of them.
            self._regex = re.compile(_pattern_regex(self._parts, whole=self._whole))
        found = self._regex.match(text)
        return Match(found[0], found.groupdict()) if found else None


def _check_parts(text: str, parts: tuple[Part, ...]) -> None:
    names = capture_names(parts)
    if len(set(names)) < len(names):
        raise PatternError(f"{text!r}: a capture's name is used once; give the second another name")
    for left, right in itertools.pairwise(parts):
        if Kind.LITERAL not in (left.kind, right.kind):
            raise PatternError(f"{text!r}: two wildcards or captures in a row; put a literal between them")


def _pattern_regex(parts: tuple[Part, ...], *, whole: bool) -> str:
    """Translate parts to a regular expression that never backtracks over more than one gap.

    The leftmost place of a literal after a gap leaves the most room for the rest, so each gap with its literal
    is atomic; only the last literal of a whole match has to look further. Uploaders choose keys and bucket
    owners names, so a pattern must not be made slow by them.
    """
    regex, last = "", len(parts) - 1
    for place, part in enumerate(parts):
        if part.kind is Kind.LITERAL:
            literal = re.escape(part.text)
            regex += literal if place == 0 or (whole and place == last) else f"{literal})"
            continue
        opens = "(?>" if place < last - (1 if whole else 0) else ""
        regex += opens + _gap_regex(part, ends=place == last, whole=whole)
    return regex + (r"\Z" if whole else "")


def _gap_regex(part: Part, *, ends: bool, whole: bool) -> str:
    if part.kind is Kind.CAPTURE:
        return f"(?P<{part.text}>[^/]+{'' if ends else '?'})"
    if ends:
        return "[^/]*" if whole else ""
    return "[^/]*?"
