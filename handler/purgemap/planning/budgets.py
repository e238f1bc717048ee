"""The price of a path, and the budgets of a request."""

from typing import NamedTuple

# Without the account's free 1,000 paths a month.
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/PayingForInvalidation.html
PRICE_PER_PATH_USD = 0.005

# (paths, wildcards) of a request. CloudFront publishes 150 paths and one wildcard a second, and on another page 3,000
# paths and 15 wildcards in progress. A smaller request fits both limits; one wildcard is the minimum.
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html
BUDGET_LEVELS = ((150, 10), (75, 5), (30, 2), (10, 1))


class Budget(NamedTuple):
    """The limits of one request: at most `paths` items, and among them at most `wildcards` wildcards."""

    paths: int
    wildcards: int


def reduced_budget(max_paths: int, max_wildcards: int, budget_level: int) -> tuple[int, int]:
    """Return (paths, wildcards) of a budget level: 0 is the map's own budget, levels beyond the last equal it."""
    if budget_level <= 0:
        return max_paths, max_wildcards
    paths, wildcards = BUDGET_LEVELS[min(budget_level, len(BUDGET_LEVELS) - 1)]
    return min(max_paths, paths), min(max_wildcards, wildcards)
