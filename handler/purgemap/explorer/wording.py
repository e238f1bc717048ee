"""The texts of the picture: rows, groups and the description that screen readers read."""

from purgemap.explorer.layout import Layout, LayoutRow, LayoutSummary, RowGroup, SourceRow
from purgemap.text import join_with_limit, pluralize

# A listener follows a few sites. The page and `purgemap diff` have all of them as text.
_MAX_SITES_DESCRIBED = 40


def describe_row(row: LayoutRow) -> tuple[str, str]:
    """Return the name of a row and its second line."""
    if isinstance(row, SourceRow):
        return row.bucket, row.prefix or "all keys"
    paths = ", ".join(filter(None, row.origin_paths))
    details = filter(None, (row.distribution if row.name else "", paths))
    return row.name or row.distribution, " · ".join(details) or "no origin path"


def describe_group(group: RowGroup[LayoutRow]) -> str:
    """Return the heading of a group: its service and its account."""
    is_source = isinstance(group.rows[0], SourceRow)
    service = "S3 buckets" if is_source else "CloudFront distributions"
    # Without `accounts`, any account may own the bucket. Without a role, the distribution is in the service's account.
    return f"{service} · account {group.account}" if group.account else service


def summarize(summary: LayoutSummary) -> str:
    """Return the numbers of a map's parts."""
    return ", ".join(
        (
            pluralize(summary.sites, "site"),
            pluralize(summary.routes, "route"),
            pluralize(summary.buckets, "bucket"),
            pluralize(summary.distributions, "distribution"),
            pluralize(summary.accounts, "account"),
        )
    )


def describe_layout(layout: Layout) -> str:
    """Describe the picture: its numbers, then which bucket feeds which distribution."""
    sites = [str(edge.site) for edge in layout.edges]
    return f"{summarize(layout.summary)}. {join_with_limit(sites, _MAX_SITES_DESCRIBED)}"
