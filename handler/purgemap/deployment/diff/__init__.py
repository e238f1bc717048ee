"""Two maps → what the step from one to the other means, for text and for a pull request."""

from purgemap.deployment.diff.compare import changed_sites, compare_maps
from purgemap.deployment.diff.format import NO_CHANGES, format_markdown, lines

__all__ = [
    "NO_CHANGES",
    "changed_sites",
    "compare_maps",
    "format_markdown",
    "lines",
]
