"""Text that names changed or existing objects → object changes and listings."""

from purgemap.operations.inputs.change_list import ChangeList, decode_input, parse_lines
from purgemap.operations.inputs.listing_text import parse_listing
from purgemap.operations.inputs.site_listing import build_listings, check_listing, serving_targets, unlisted_buckets

__all__ = [
    "ChangeList",
    "build_listings",
    "check_listing",
    "decode_input",
    "parse_lines",
    "parse_listing",
    "serving_targets",
    "unlisted_buckets",
]
