"""The price of a path, and the budgets of a request: smaller after each time that CloudFront's quota was full."""

# Before the account's free 1,000 paths a month.
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/PayingForInvalidation.html
PRICE_PER_PATH_USD = 0.005

# (paths, wildcards) of a request. CloudFront publishes 150 paths and one wildcard a second, and elsewhere 3,000 paths
# and 15 wildcards in progress: a smaller request finds room under both, and one wildcard is the least that there is.
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html
BUDGET_LEVELS = ((150, 10), (75, 5), (30, 2), (10, 1))


def reduced_budget(max_paths: int, max_wildcards: int, budget_level: int) -> tuple[int, int]:
    """Return (paths, wildcards) of a rung: 0 is the map's own budget, the last rung holds for all later ones."""
    if budget_level <= 0:
        return max_paths, max_wildcards
    paths, wildcards = BUDGET_LEVELS[min(budget_level, len(BUDGET_LEVELS) - 1)]
    return min(max_paths, paths), min(max_wildcards, wildcards)
