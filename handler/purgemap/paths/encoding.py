"""URL encoding of invalidation items, by CloudFront's rules.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/invalidation-specifying-objects.html
"""

import string
from typing import NamedTuple

from purgemap.text import length_at_character_boundary

MAX_ITEM_LENGTH = 4_000

# "URL-encode … non-ASCII characters and the unsafe characters of RFC 1738; don't URL-encode any other characters,
# or CloudFront won't invalidate the old version". `?` is encoded as well: raw, it would begin the query string.
# `to_valid_item` handles the `~`.
_RAW_CHARACTERS = frozenset(string.ascii_letters + string.digits + "_.-~/!$&'()*+,;:@=")

# quote() takes several times as long as a table.
_TEXT_BY_BYTE = tuple(chr(byte) if chr(byte) in _RAW_CHARACTERS else f"%{byte:02X}" for byte in range(256))


class EncodingVariant(NamedTuple):
    """A spelling of the two characters that viewers can write in two ways in the URL of an S3 object."""

    plus: str
    space: str

    def encode(self, text: str) -> str:
        """Encode a text for CloudFront, except a `~`."""
        return escape(text).replace("+", self.plus).replace("%20", self.space)


DEFAULT_ENCODING = EncodingVariant("+", "%20")


def encoding_variants(text: str) -> tuple[EncodingVariant, ...]:
    """List the ways in which viewers may have encoded a text.

    S3 reads a raw `+` as a space, so a viewer of an S3 origin writes `%2B` for a `+`. Either may be cached.
    """
    pluses = ("+", "%2B") if "+" in text else ("+",)
    spaces = ("%20", "+") if " " in text else ("%20",)
    return tuple(EncodingVariant(plus, space) for plus in pluses for space in spaces)


def escape(text: str) -> str:
    """Encode a text in the default variant."""
    return text.encode().decode("latin-1").translate(_TEXT_BY_BYTE)


def to_valid_item(item: str) -> str:
    """Return the item, or the longest wildcard over it if CloudFront cannot invalidate the item itself."""
    # "Don't use the ~ character in your path. CloudFront doesn't support this character for invalidations, whether
    # it's URL-encoded or not."
    before, tilde, _ = item.partition("~")
    if tilde:
        return before + "*"
    if len(item) <= MAX_ITEM_LENGTH:
        return item
    return item[: length_at_character_boundary(item[: MAX_ITEM_LENGTH - 1])] + "*"
