"""How often CloudFront was full → the budgets of the next try."""

# (paths, wildcards) of a request. CloudFront publishes 150 paths and one wildcard a second, and elsewhere 3,000 paths
# and 15 wildcards in progress: a smaller request finds room under both, and one wildcard is the least that there is.
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html
RUNGS = ((150, 10), (75, 5), (30, 2), (10, 1))


def tightened(max_paths: int, max_wildcards: int, rung: int) -> tuple[int, int]:
    """Return (paths, wildcards) of a rung: 0 is the map's own budget, the last rung holds for all later ones."""
    if rung <= 0:
        return max_paths, max_wildcards
    paths, wildcards = RUNGS[min(rung, len(RUNGS) - 1)]
    return min(max_paths, paths), min(max_wildcards, wildcards)
