"""The map's buckets → what an event pattern says for them, each bucket said once.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

import json
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from purgemap.routemap import Pattern, Token, TokenKind, tokenize


class Matchers(NamedTuple):
    """The members of an event pattern's list, as JSON text: names, and matchers for patterns."""

    names: tuple[str, ...]
    patterns: tuple[str, ...]


def event_pattern_values(buckets: Iterable[str], patterns: Iterable[str]) -> Matchers:
    """Say buckets and bucket patterns in EventBridge's words.

    What another pattern covers is left out: two rules that match one event deliver it twice.
    """
    patterns = list(patterns)
    compiled = [Pattern(pattern, full_match=True) for pattern in patterns]
    names = (bucket for bucket in buckets if not any(pattern.match(bucket) for pattern in compiled))
    return Matchers(tuple(sorted(map(_json, names))), tuple(sorted(set(map(_json, _outermost(patterns))))))


def is_wildcard(matcher: str) -> bool:
    """Whether a matcher counts against the bus's limit of rules with wildcards."""
    return matcher.startswith('{"wildcard"')


def _json(matcher: object) -> str:
    return json.dumps(matcher)


def _matcher(parts: Sequence[Token]) -> object:
    """Match all that the parts match; a capture may take nothing here, the function looks again."""
    match parts:
        case (Token(kind=TokenKind.LITERAL, text=text),):
            return text
        case (_,):
            return {"exists": True}
        case (Token(kind=TokenKind.LITERAL, text=text), _):
            return {"prefix": text}
        case (_, Token(kind=TokenKind.LITERAL, text=text)):
            return {"suffix": text}
    return {"wildcard": "".join(_wildcard_text(part) for part in parts)}


def _wildcard_text(part: Token) -> str:
    return part.text.replace("\\", "\\\\").replace("*", r"\*") if part.kind is TokenKind.LITERAL else "*"


def _outermost(patterns: Iterable[str]) -> list[object]:
    told = [(parts, _matcher(parts)) for parts in map(tokenize, patterns)]
    matchers = [matcher for _, matcher in told]
    return [own for parts, own in told if not any(other != own and _covers(other, parts) for other in matchers)]


def _covers(matcher: object, parts: Sequence[Token]) -> bool:
    """Whether a matcher of names' start or end matches all that the parts do."""
    first, last = (part.text if part.kind is TokenKind.LITERAL else "" for part in (parts[0], parts[-1]))
    match matcher:
        case {"prefix": start}:
            return first.startswith(start)
        case {"suffix": end}:
            return last.endswith(end)
        case {"exists": True}:
            return True
    return False
