"""Format counts and lists for people, escape control characters, parse S3 URIs, and measure URL-encoded text."""

import codecs
import re
from collections.abc import Sequence

from purgemap.errors import PurgemapError

S3_SCHEME = "s3://"
MAX_SHOWN = 5

_ESCAPES_AT_END = re.compile(r"((?:%[0-9A-Fa-f]{2})*)(%[0-9A-Fa-f]?)?\Z")
# The longest tail that can belong to an unfinished character: three escapes of four and a piece of the last.
_MAX_TAIL_LENGTH = len("%F0%9F%98%8")


def pluralize(count: int, singular: str, plural: str = "") -> str:
    """Format a count and its noun: `1 path`, `1,200 paths`. `plural` defaults to the singular with an s."""
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"


def join_with_limit(texts: Sequence[str], limit: int = MAX_SHOWN) -> str:
    """Join the first `limit` texts by commas, and count the others."""
    more = len(texts) - limit
    return ", ".join(texts[:limit]) + (f" and {more:,} more" if more > 0 else "")


def escape_control_characters(text: str) -> str:
    """Escape line breaks and control characters."""
    # Raw ones would add a line to a report or steer the terminal.
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)


def parse_s3_uri(uri: str) -> tuple[str, str]:
    """Split s3://BUCKET/KEY into bucket and key; raises PurgemapError."""
    # Nothing is decoded: `aws s3` prints keys as they are.
    bucket, _, key = uri.removeprefix(S3_SCHEME).partition("/")
    if not uri.startswith(S3_SCHEME) or not bucket or not key:
        raise PurgemapError(f"{uri!r} is not an S3 URI; expected s3://BUCKET/KEY")
    try:
        uri.encode()
    except UnicodeEncodeError:
        raise PurgemapError(f"{uri!r} is not valid UTF-8, so S3 has no such object") from None
    return bucket, key


def length_at_character_boundary(text: str) -> int:
    """Return the length of the longest prefix of `text` that ends inside no escape and no UTF-8 character."""
    # A wildcard that ends elsewhere is refused or matches nothing: CloudFront compares whole characters.
    if "%" not in text[-_MAX_TAIL_LENGTH:]:
        return len(text)
    match = _ESCAPES_AT_END.search(text)
    escapes, partial_escape = match.groups(default="") if match else ("", "")
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    decoder.decode(bytes.fromhex(escapes.replace("%", "")))
    unfinished, _ = decoder.getstate()
    return len(text) - len(partial_escape) - len("%XX") * len(unfinished)
