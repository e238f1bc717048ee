"""Items of one distribution, with their scopes → requests that cover them all and evict least."""

from purgemap.planning.budgets import BUDGET_LEVELS, PRICE_PER_PATH_USD, reduced_budget
from purgemap.planning.counts_file import FOLDER_COUNTS_FILE, FolderCountsFile, format_counts
from purgemap.planning.coverage import drop_covered, drop_nested, is_wildcard, partition_items
from purgemap.planning.folder_counts import ALL_BELOW, FolderCounts, folder_of
from purgemap.planning.listing import Listing, collateral
from purgemap.planning.planner import Request, plan, plan_job
from purgemap.planning.scopes import cover_whole_scopes

__all__ = [
    "ALL_BELOW",
    "BUDGET_LEVELS",
    "FOLDER_COUNTS_FILE",
    "PRICE_PER_PATH_USD",
    "FolderCounts",
    "FolderCountsFile",
    "Listing",
    "Request",
    "collateral",
    "cover_whole_scopes",
    "drop_covered",
    "drop_nested",
    "folder_of",
    "format_counts",
    "is_wildcard",
    "partition_items",
    "plan",
    "plan_job",
    "reduced_budget",
]
