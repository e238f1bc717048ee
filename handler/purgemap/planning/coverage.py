"""Items → the same cover without what a wildcard among them makes needless."""

from collections.abc import Iterable

from purgemap.planning.prefixes import prefix_range


def is_wildcard(item: str) -> bool:
    """Whether an item is a path that ends in an asterisk, CloudFront's only wildcard: in a tag it is itself.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/invalidation-specifying-objects.html
    """
    return item.endswith("*") and not item.startswith("#")


def drop_nested(stems: Iterable[str]) -> list[str]:
    """Return the stems (a wildcard's text before its asterisk) that lie under no other, sorted."""
    kept: list[str] = []
    for stem in sorted(stems):
        if not kept or not stem.startswith(kept[-1]):
            kept.append(stem)
    return kept


def drop_covered(paths: list[str], stems: Iterable[str]) -> list[str]:
    """Return those of the sorted `paths` that the wildcards of the outermost `stems` leave.

    `P*` is not trusted to cover P: `/dev/*` was seen to leave `/dev/` stale. Costs O(log n) a stem.
    """
    kept: list[str] = []
    done = 0
    for stem in stems:
        low, high = prefix_range(paths, stem)
        kept += paths[done:low]
        kept += [stem] if low < high and paths[low] == stem else []
        done = high
    return kept + paths[done:]


def partition_items(items: Iterable[str]) -> tuple[list[str], list[str], list[str]]:
    """Return unique items as (tags, exact paths, stems of the outermost wildcards), without what these cover."""
    ordered = sorted(items)
    low, high = prefix_range(ordered, "#")
    tags = ordered[low:high]
    del ordered[low:high]
    stems = drop_nested(item[:-1] for item in ordered if is_wildcard(item))
    exact = [item for item in ordered if not is_wildcard(item)] if stems else ordered
    return tags, drop_covered(exact, stems), stems
