"""Warn of buckets that S3 would refuse to make, so that no event can name them.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
"""

import re
from collections.abc import Iterator

from purgemap.routemap.parse.model import MapConfig
from purgemap.routemap.patterns import Token, TokenKind
from purgemap.routemap.problems import Problem, quote
from purgemap.routemap.rules.patterns import parts_of

_MAX_LENGTH = 63
_REFUSED = re.compile(r"[^a-z0-9.-]")
_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")
_RESERVED_STARTS = ("xn--", "sthree-", "amzn-s3-demo-")
_RESERVED_ENDS = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")


def buckets_may_exist(config: MapConfig) -> Iterator[Problem]:
    """Warn of a bucket's name or pattern that no bucket has."""
    for route in config.routes:
        parts = parts_of(route.bucket)
        fault = _fault(parts) if parts else None
        if fault:
            yield (route.place / "bucket").warning(f"S3 makes no bucket of this name: {fault}")


def _fault(parts: tuple[Token, ...]) -> str | None:
    """Say what of a pattern's literal text breaks a rule for names; captures and stars may hold what is needed."""
    literal = [part.text for part in parts if part.kind is TokenKind.LITERAL]
    refused = next(filter(None, map(_REFUSED.search, literal)), None)
    if refused:
        rule = f"names hold lowercase letters, digits, '.' and '-', not {quote(refused[0])}"
        return f"{rule}, but for buckets of us-east-1 from before March 2018"
    if any(".." in text for text in literal):
        return "names hold no two dots in a row"
    # A star may be empty, a capture is one character at least.
    shortest = sum(
        len(part.text) if part.kind is TokenKind.LITERAL else part.kind is TokenKind.CAPTURE for part in parts
    )
    if shortest > _MAX_LENGTH:
        return f"names have at most {_MAX_LENGTH} characters, this has {shortest}"
    return _end_fault(parts)


def _end_fault(parts: tuple[Token, ...]) -> str | None:
    start = parts[0].text if parts[0].kind is TokenKind.LITERAL else ""
    end = parts[-1].text if parts[-1].kind is TokenKind.LITERAL else ""
    if start[:1] in {".", "-"} or end[-1:] in {".", "-"}:
        return "names start and end with a letter or digit"
    if len(parts) == 1 and _ADDRESS.fullmatch(start):
        return "names don't look like an IP address"
    reserved = [f"start with {each}" for each in _RESERVED_STARTS if start.startswith(each)]
    reserved += [f"end in {each}" for each in _RESERVED_ENDS if end.endswith(each)]
    return f"names don't {reserved[0]}, which is reserved; write the bucket's own name" if reserved else None
