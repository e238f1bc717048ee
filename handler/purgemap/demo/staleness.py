"""Accepted items, and an object → whether a viewer can still get its old copy.

This judges what the service did, so it shares no code with it: the spelling comes from the standard library, and the
rule of wildcards is written out again.
"""

from collections.abc import Iterable
from urllib.parse import quote

# RFC 1738 calls the rest unsafe, and CloudFront wants that encoded and nothing else
# (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/invalidation-specifying-objects.html).
# `quote` leaves a "~" raw. CloudFront takes no item with one, so that only a wildcard which stops before it covers such
# a spelling.
_RAW = "/!$&'()*+,;:@=-._"


class Coverage:
    """The items that CloudFront accepted for one distribution."""

    def __init__(self, items: Iterable[str]) -> None:
        paths = [item for item in items if not item.startswith("#")]
        self._exact = {path for path in paths if not path.endswith("*")}
        self._prefixes = tuple({path[:-1] for path in paths if path.endswith("*")})

    def covers(self, viewer_path: str) -> bool:
        """Tell whether an item covers an object; `viewer_path` is its key as a viewer's path, not encoded.

        P* covers what begins with P, but not P itself.
        """
        spelling = quote(viewer_path, safe=_RAW)
        return spelling in self._exact or any(
            spelling.startswith(prefix) and spelling != prefix for prefix in self._prefixes
        )


def is_wildcard(item: str) -> bool:
    """Tell whether an item is a path that ends in a star; a tag never is."""
    return item.endswith("*") and not item.startswith("#")
