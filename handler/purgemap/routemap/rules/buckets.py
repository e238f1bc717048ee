"""Warn of buckets that cannot exist, because S3 rejects such names: no event can match them.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
"""

import re
from collections.abc import Iterator, Sequence

from purgemap.routemap.patterns import Token, TokenKind
from purgemap.routemap.problems import Problem, quote
from purgemap.routemap.rules.context import RuleContext

_MAX_LENGTH = 63
_FORBIDDEN = re.compile(r"[^a-z0-9.-]")
_IP_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")
_RESERVED_STARTS = ("xn--", "sthree-", "amzn-s3-demo-")
_RESERVED_ENDS = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")


def buckets_can_exist(context: RuleContext) -> Iterator[Problem]:
    """Warn of a bucket's name or pattern that no bucket can have."""
    for route in context.config.routes:
        tokens = context.tokens(route.bucket)
        broken_rule = _broken_rule(tokens) if tokens else None
        if broken_rule:
            message = f"S3 rejects this bucket name: {broken_rule}; write the name that S3 lists"
            yield (route.location / "bucket").warning(message)


def _broken_rule(tokens: Sequence[Token]) -> str | None:
    """Return the naming rule that a pattern's literal text breaks, whatever its wildcards match."""
    literals = [token.literal for token in tokens]
    forbidden = next(filter(None, map(_FORBIDDEN.search, literals)), None)
    if forbidden:
        # Buckets of us-east-1 that were created before March 2018 may have such names.
        return (
            f"names hold lowercase letters, digits, '.' and '-', not {quote(forbidden[0])} "
            "(except in us-east-1 before March 2018)"
        )
    if any(".." in text for text in literals):
        return "names have no two dots in a row"
    # A star may match nothing, a capture at least one character.
    length = sum(map(len, literals)) + sum(token.kind is TokenKind.CAPTURE for token in tokens)
    if length > _MAX_LENGTH:
        return f"names have at most {_MAX_LENGTH} characters, this has {length}"
    start, end = literals[0], literals[-1]
    if start[:1] in {".", "-"} or end[-1:] in {".", "-"}:
        return "names start and end with a letter or digit"
    if len(tokens) == 1 and _IP_ADDRESS.fullmatch(start):
        return "names do not look like an IP address"
    reserved = [f"start with {text}" for text in _RESERVED_STARTS if start.startswith(text)]
    reserved += [f"end with {text}" for text in _RESERVED_ENDS if end.endswith(text)]
    return f"names do not {reserved[0]}, which is reserved" if reserved else None
