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
from purgemap.routemap.pattern_index import Position, RequiredText, ngram_texts, segment_texts


class TokenKind(Enum):
    """What a part of a pattern is."""

    LITERAL = "literal"
    CAPTURE = "capture"
    STAR = "star"


class Token(NamedTuple):
    """One part of a pattern: literal text, a capture's name, or a star (whose text is `*`)."""

    kind: TokenKind
    text: str


class Match(NamedTuple):
    """How a pattern matched: the text that it matched and what its captures hold."""

    text: str
    captures: Mapping[str, str]


_TOKEN = re.compile(
    r"(?P<escaped>\{\{|\}\}|\\\*)|\{(?P<capture>[A-Za-z_][A-Za-z0-9_]*)\}|(?P<star>\*)|(?P<brace>[{}])|(?P<text>[^{}*\\]+|\\)"
)
_ESCAPED = {"{{": "{", "}}": "}", r"\*": "*"}


def tokenize(text: str) -> tuple[Token, ...]:
    """Split a pattern or template into its parts; neighbouring literals are joined.

    Raises PatternError for a brace that neither opens a capture nor is doubled.
    """
    return tuple(_join_literals(_parts(text)))


def _parts(text: str) -> Iterator[Token]:
    for token in _TOKEN.finditer(text):
        if token["brace"]:
            raise PatternError(f"{text!r}: a lone {token['brace']!r}; write {{name}} for a capture or double the brace")
        if token["capture"]:
            yield Token(TokenKind.CAPTURE, token["capture"])
        elif token["star"]:
            yield Token(TokenKind.STAR, "*")
        else:
            yield Token(TokenKind.LITERAL, _ESCAPED.get(token[0], token[0]))


def _join_literals(parts: Iterator[Token]) -> Iterator[Token]:
    literal = ""
    for part in parts:
        if part.kind is TokenKind.LITERAL:
            literal += part.text
            continue
        if literal:
            yield Token(TokenKind.LITERAL, literal)
            literal = ""
        yield part
    if literal:
        yield Token(TokenKind.LITERAL, literal)


def capture_names(parts: tuple[Token, ...]) -> tuple[str, ...]:
    """Return the names of a pattern's captures, in order and with repetitions."""
    return tuple(part.text for part in parts if part.kind is TokenKind.CAPTURE)


class _Gap(NamedTuple):
    """A capture (its name) or a star (""), and the literal that follows it, "" at the pattern's end."""

    capture: str
    literal: str


class Pattern:
    """A bucket or prefix pattern, ready to match.

    A bucket pattern matches the whole name, a prefix pattern the start of a key. A capture or star takes the
    shortest match that reaches the next literal. At a prefix's end a capture runs up to the next `/` or the
    key's end, and a star takes nothing, since a prefix selects by its start alone.
    """

    __slots__ = ("_gaps", "_whole", "captures", "is_plain_prefix", "literal_prefix", "text")

    def __init__(self, text: str, *, full_match: bool) -> None:
        parts = tokenize(text)
        _check_parts(text, parts)
        self.text = text
        self.captures = capture_names(parts)
        self.literal_prefix = parts[0].text if parts and parts[0].kind is TokenKind.LITERAL else ""
        self._gaps = tuple(_gaps(parts))
        # Nothing but a literal start, so that str.startswith decides.
        self.is_plain_prefix = not self._gaps and not full_match
        self._whole = full_match

    def match(self, text: str) -> Match | None:
        """Match a bucket's name or a key's start, in one pass: uploaders choose keys, and may not make it slow."""
        if not text.startswith(self.literal_prefix):
            return None
        position, captures = len(self.literal_prefix), {}
        for gap in self._gaps:
            end = self._end(gap, text, position)
            if end < position + bool(gap.capture) or text.find("/", position, end) >= 0:
                return None
            if gap.capture:
                captures[gap.capture] = text[position:end]
            position = end + len(gap.literal)
        return None if self._whole and position < len(text) else Match(text[:position], captures)

    def _end(self, gap: _Gap, text: str, position: int) -> int:
        """Find where a gap that begins at `position` ends; before it for nowhere.

        The leftmost place of a literal leaves the most room for the rest, so no other has to be tried.
        """
        is_last = gap is self._gaps[-1]
        if is_last and self._whole:
            return len(text) - len(gap.literal) if text.endswith(gap.literal) else -1
        if gap.literal:
            return text.find(gap.literal, position + bool(gap.capture))
        if not gap.capture:
            return position
        slash = text.find("/", position)
        return slash if slash >= 0 else len(text)

    @property
    def ends_at_slash(self) -> bool:
        """Whether the text that it matches ends where a segment of a key does: after a slash, or before all."""
        return (self._gaps[-1].literal if self._gaps else self.literal_prefix or "/").endswith("/")

    @property
    def clues(self) -> tuple[RequiredText, ...]:
        """What every bucket's name or key has that the pattern matches."""
        start = (RequiredText(Position.START, self.literal_prefix),) if self.literal_prefix else ()
        end = self._gaps[-1].literal if self._gaps and self._whole else ""
        ends = (RequiredText(Position.END, end),) if end else ()
        inner = (gap.literal for gap in self._gaps)
        return (*start, *ends, *(clue for text in inner for clue in (*segment_texts(text), *ngram_texts(text))))


def _gaps(parts: tuple[Token, ...]) -> Iterator[_Gap]:
    for part, following in itertools.zip_longest(parts, parts[1:]):
        if part.kind is not TokenKind.LITERAL:
            yield _Gap(part.text if part.kind is TokenKind.CAPTURE else "", following.text if following else "")


def _check_parts(text: str, parts: tuple[Token, ...]) -> None:
    names = capture_names(parts)
    if len(set(names)) < len(names):
        raise PatternError(f"{text!r}: a capture's name is used once; give the second another name")
    for left, right in itertools.pairwise(parts):
        if TokenKind.LITERAL not in (left.kind, right.kind):
            raise PatternError(f"{text!r}: two wildcards or captures in a row; put a literal between them")
