"""Coverage: which items a wildcard makes superfluous."""

from collections.abc import Iterable

from purgemap.planning.prefixes import prefix_range


def is_wildcard(item: str) -> bool:
    """Return whether an item is a path that ends in `*`. In a tag, or elsewhere in a path, a `*` is literal.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/invalidation-specifying-objects.html
    """
    return item.endswith("*") and not item.startswith("#")


def drop_nested(stems: Iterable[str]) -> list[str]:
    """Return the sorted stems (a wildcard's text before its `*`) without those that extend another."""
    outermost: list[str] = []
    for stem in sorted(stems):
        if not outermost or not stem.startswith(outermost[-1]):
            outermost.append(stem)
    return outermost


def drop_covered(paths: list[str], stems: Iterable[str]) -> list[str]:
    """Return the sorted `paths` without those that wildcards at the outermost `stems` cover, in O(log n) a stem."""
    uncovered: list[str] = []
    done = 0
    for stem in stems:
        low, high = prefix_range(paths, stem)
        uncovered += paths[done:low]
        # `P*` is not trusted to cover P: `/dev/*` was seen to leave `/dev/` stale.
        uncovered += [stem] if low < high and paths[low] == stem else []
        done = high
    return uncovered + paths[done:]


def partition_items(items: Iterable[str]) -> tuple[list[str], list[str], list[str]]:
    """Return unique items as (tags, exact paths, stems of the outermost wildcards), without covered ones."""
    paths = sorted(items)
    low, high = prefix_range(paths, "#")
    tags = paths[low:high]
    del paths[low:high]
    stems = drop_nested(path[:-1] for path in paths if is_wildcard(path))
    exact = [path for path in paths if not is_wildcard(path)] if stems else paths
    return tags, drop_covered(exact, stems), stems
