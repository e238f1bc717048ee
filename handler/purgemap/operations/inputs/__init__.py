"""Parse what operators pass to `plan` and `invalidate`: lists of changes, and listings of buckets."""

from purgemap.operations.inputs.change_list import ChangeList, decode_input, parse_lines, prefix_errors_with
from purgemap.operations.inputs.listing_text import parse_listing
from purgemap.operations.inputs.site_listing import build_listings, check_listing, serving_targets, unlisted_buckets

__all__ = [
    "ChangeList",
    "build_listings",
    "check_listing",
    "decode_input",
    "parse_lines",
    "parse_listing",
    "prefix_errors_with",
    "serving_targets",
    "unlisted_buckets",
]
