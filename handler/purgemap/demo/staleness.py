"""Decide whether viewers can still get an object's old copy after the accepted items.

This is a test of the service, so it shares no code with it: encoding is the standard library's, and wildcards are
matched here.
"""

from collections.abc import Iterable
from urllib.parse import quote

# RFC 1738 calls the other characters unsafe, and CloudFront requires exactly those to be encoded:
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/invalidation-specifying-objects.html
# `quote` never encodes a "~", and CloudFront rejects items with one. So only a wildcard that ends before it covers it.
_NOT_ENCODED = "/!$&'()*+,;:@=-._"


class Coverage:
    """The paths covered by the items that CloudFront accepted for one distribution."""

    def __init__(self, items: Iterable[str]) -> None:
        paths = [item for item in items if not item.startswith("#")]
        self._exact = {path for path in paths if not path.endswith("*")}
        self._prefixes = tuple({path[:-1] for path in paths if path.endswith("*")})

    def covers(self, viewer_path: str) -> bool:
        """Return whether an item covers a viewer path, which is not encoded."""
        path = quote(viewer_path, safe=_NOT_ENCODED)
        # P* covers the paths that begin with P, but not P itself.
        return path in self._exact or any(path.startswith(prefix) and path != prefix for prefix in self._prefixes)


def is_wildcard(item: str) -> bool:
    """Return whether an item is a path that ends in a star; a tag never is."""
    return item.endswith("*") and not item.startswith("#")
