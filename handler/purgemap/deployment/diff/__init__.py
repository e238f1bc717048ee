"""The effect of a map's edit: the differences of two maps in service, as text and as Markdown for a pull request."""

from purgemap.deployment.diff.compare import changed_sites, compare_maps
from purgemap.deployment.diff.format import NO_CHANGES, format_markdown, format_text
from purgemap.deployment.diff.mermaid import render_sites

__all__ = ["NO_CHANGES", "changed_sites", "compare_maps", "format_markdown", "format_text", "render_sites"]
