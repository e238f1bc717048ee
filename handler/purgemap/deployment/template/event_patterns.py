"""Translate the map's buckets and bucket patterns into the values of an EventBridge event pattern.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

import json
from collections.abc import Iterable, Sequence

from purgemap.routemap import Pattern, Token, TokenKind, tokenize


def event_pattern_values(buckets: Iterable[str], patterns: Iterable[str]) -> tuple[list[str], list[str]]:
    """Translate buckets and bucket patterns into JSON texts, without those that another pattern covers."""
    # Two rules that match an event would deliver it twice.
    patterns = list(patterns)
    compiled = [Pattern(pattern, full_match=True) for pattern in patterns]
    names = (bucket for bucket in buckets if not any(pattern.match(bucket) for pattern in compiled))
    return sorted(map(json.dumps, names)), sorted(set(map(json.dumps, _uncovered_matchers(patterns))))


def is_wildcard(matcher: str) -> bool:
    """Return whether a matcher counts towards the bus's limit of rules with wildcards."""
    return matcher.startswith('{"wildcard"')


def _matcher(tokens: Sequence[Token]) -> object:
    # A capture can't be empty in the map, but can be here: the function checks each key again.
    match tokens:
        case (Token(kind=TokenKind.LITERAL, text=text),):
            return text
        case (_,):
            return {"exists": True}
        case (Token(kind=TokenKind.LITERAL, text=text), _):
            return {"prefix": text}
        case (_, Token(kind=TokenKind.LITERAL, text=text)):
            return {"suffix": text}
    return {"wildcard": "".join(map(_wildcard_text, tokens))}


def _wildcard_text(token: Token) -> str:
    return token.text.replace("\\", "\\\\").replace("*", r"\*") if token.kind is TokenKind.LITERAL else "*"


def _uncovered_matchers(patterns: Iterable[str]) -> list[object]:
    pairs = [(tokens, _matcher(tokens)) for tokens in map(tokenize, patterns)]
    return [
        matcher
        for tokens, matcher in pairs
        if not any(wider != matcher and _covers(wider, tokens) for _, wider in pairs)
    ]


def _covers(matcher: object, tokens: Sequence[Token]) -> bool:
    """Return whether a prefix or suffix matcher matches every name that the tokens match."""
    match matcher:
        case {"prefix": prefix}:
            return tokens[0].literal.startswith(prefix)
        case {"suffix": suffix}:
            return tokens[-1].literal.endswith(suffix)
        case {"exists": True}:
            return True
    return False
