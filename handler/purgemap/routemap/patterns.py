r"""Bucket and prefix patterns, and the tokens of patterns and templates.

A pattern is text with `*` (any text without `/`) and `{capture}` (any text without `/` except the empty one).
`{{`, `}}` and `\*` are the characters themselves; every other backslash is a backslash.
"""

import itertools
import re
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import NamedTuple

from purgemap.errors import PatternError
from purgemap.routemap.pattern_index import Position, RequiredText, ngram_texts, segment_texts


class TokenKind(Enum):
    """The kinds of tokens of a pattern."""

    LITERAL = "literal"
    CAPTURE = "capture"
    STAR = "star"


class Token(NamedTuple):
    """One token of a pattern or template; `text` is the literal, the name of the capture, or `*`."""

    kind: TokenKind
    text: str

    @property
    def literal(self) -> str:
        """The text of a literal, "" for a capture or a star."""
        return self.text if self.kind is TokenKind.LITERAL else ""

    @property
    def pattern(self) -> str:
        """The token as a pattern or template writes it."""
        if self.kind is TokenKind.CAPTURE:
            return f"{{{self.text}}}"
        return self.literal.replace("{", "{{").replace("}", "}}").replace("*", r"\*") or self.text


class Match(NamedTuple):
    """The text that a pattern matched, and the text of each capture."""

    text: str
    captures: Mapping[str, str]


_TOKEN = re.compile(
    r"(?P<escaped>\{\{|\}\}|\\\*)|\{(?P<capture>[A-Za-z_][A-Za-z0-9_]*)\}|(?P<star>\*)|(?P<brace>[{}])|(?P<text>[^{}*\\]+|\\)"
)
_NO_LITERALS = ("{", "}", "*", "\\")
_NO_LITERAL = re.compile(r"[{}*\\]")
_ESCAPED = {"{{": "{", "}}": "}", r"\*": "*"}


def tokenize(text: str) -> tuple[Token, ...]:
    """Split a pattern or template into its tokens; adjacent literals are joined.

    Raises PatternError for a brace that is neither part of a capture nor doubled.
    """
    return tuple(_join_literals(_scan(text)))


def _scan(text: str) -> Iterator[Token]:
    for token in _TOKEN.finditer(text):
        if brace := token["brace"]:
            raise PatternError(
                f"{text!r}: unmatched {brace!r}; write {{name}} for a capture, or {brace * 2} for a literal brace"
            )
        if token["capture"]:
            yield Token(TokenKind.CAPTURE, token["capture"])
        elif token["star"]:
            yield Token(TokenKind.STAR, "*")
        else:
            yield Token(TokenKind.LITERAL, _ESCAPED.get(token[0], token[0]))


def _join_literals(tokens: Iterator[Token]) -> Iterator[Token]:
    for is_literal, group in itertools.groupby(tokens, lambda token: token.kind is TokenKind.LITERAL):
        if is_literal:
            yield Token(TokenKind.LITERAL, "".join(token.text for token in group))
        else:
            yield from group


def literal_start(text: str) -> str:
    """Return the literal that a pattern starts with, up to the first character that may be more, without parsing it."""
    return "" if text.startswith(_NO_LITERALS) else _NO_LITERAL.split(text, 1)[0]


def capture_names(tokens: tuple[Token, ...]) -> tuple[str, ...]:
    """Return the names of the captures in order, with repetitions."""
    return tuple(token.text for token in tokens if token.kind is TokenKind.CAPTURE)


class _Wildcard(NamedTuple):
    """A capture (its name) or a star (""), and the literal that follows it, "" at the pattern's end."""

    capture: str
    literal: str


class Pattern:
    """A bucket or prefix pattern, ready to match.

    A bucket pattern matches the whole name, a prefix pattern the start of a key. A capture or star takes the shortest
    match up to the next literal. At the end of a prefix a capture extends to the next `/` or the key's end. A star
    there matches "", since a prefix matches any continuation.
    """

    __slots__ = ("_full_match", "_wildcards", "captures", "is_plain_prefix", "literal_prefix", "text")

    def __init__(self, text: str, *, full_match: bool) -> None:
        tokens = tokenize(text)
        _check_tokens(text, tokens)
        self.text = text
        self.captures = capture_names(tokens)
        self.literal_prefix = tokens[0].literal if tokens else ""
        self._wildcards = tuple(_pair_wildcards(tokens))
        # True if str.startswith suffices, as for most prefixes of a map.
        self.is_plain_prefix = not self._wildcards and not full_match
        self._full_match = full_match

    def match(self, text: str) -> Match | None:
        """Match a bucket's name or a key's start; None if it does not match."""
        if not text.startswith(self.literal_prefix):
            return None
        position, captures = len(self.literal_prefix), {}
        # One pass without backtracking: uploaders choose keys, and no key may take long.
        for wildcard in self._wildcards:
            end = self._find_end(wildcard, text, position)
            if end < position + bool(wildcard.capture) or text.find("/", position, end) >= 0:
                return None
            if wildcard.capture:
                captures[wildcard.capture] = text[position:end]
            position = end + len(wildcard.literal)
        return None if self._full_match and position < len(text) else Match(text[:position], captures)

    def _find_end(self, wildcard: _Wildcard, text: str, position: int) -> int:
        """Return the end of a wildcard that starts at `position`; less than that if its literal does not follow."""
        if self._full_match and wildcard is self._wildcards[-1]:
            return len(text) - len(wildcard.literal) if text.endswith(wildcard.literal) else -1
        if wildcard.literal:
            # The leftmost literal leaves most of the text to the others, so no later one has to be tried.
            return text.find(wildcard.literal, position + bool(wildcard.capture))
        if not wildcard.capture:
            return position
        slash = text.find("/", position)
        return slash if slash >= 0 else len(text)

    @property
    def ends_at_slash(self) -> bool:
        """Whether a segment starts after a matched prefix: the matched text is empty or ends with a slash."""
        return (self._wildcards[-1].literal if self._wildcards else self.literal_prefix or "/").endswith("/")

    @property
    def required_texts(self) -> tuple[RequiredText, ...]:
        """The texts in every bucket name or key that the pattern matches."""
        suffix = self._wildcards[-1].literal if self._wildcards and self._full_match else ""
        ends = ((Position.PREFIX, self.literal_prefix), (Position.SUFFIX, suffix))
        texts = [RequiredText(position, text) for position, text in ends if text]
        for wildcard in self._wildcards:
            texts += [*segment_texts(wildcard.literal), *ngram_texts(wildcard.literal)]
        return tuple(texts)


def _pair_wildcards(tokens: tuple[Token, ...]) -> Iterator[_Wildcard]:
    for token, following in itertools.zip_longest(tokens, tokens[1:]):
        if token.kind is not TokenKind.LITERAL:
            capture = token.text if token.kind is TokenKind.CAPTURE else ""
            yield _Wildcard(capture, following.text if following else "")


def _check_tokens(text: str, tokens: tuple[Token, ...]) -> None:
    names = capture_names(tokens)
    if len(set(names)) < len(names):
        raise PatternError(f"{text!r}: a capture's name is used once; give the second another name")
    for left, right in itertools.pairwise(tokens):
        if TokenKind.LITERAL not in (left.kind, right.kind):
            raise PatternError(f"{text!r}: two wildcards or captures in a row; put a literal between them")
