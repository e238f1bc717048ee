"""Two maps → what the step from one to the other means, for text and for a pull request."""

from purgemap.deployment.diff.compare import compare_maps
from purgemap.deployment.diff.format import NO_CHANGES, format_markdown, lines

__all__ = [
    "NO_CHANGES",
    "compare_maps",
    "format_markdown",
    "lines",
]
