"""The map as a library: load it, explain a change, plan the changes of a deploy. The commands use the same functions.

`import purgemap` offers the functions, what they return and what they raise; this module also has the types of the
fields. Nothing here calls AWS or reads the environment.
"""

import time
from collections.abc import Iterable

from purgemap.errors import PurgemapError
from purgemap.events import CREATED, DELETED, EXPIRED
from purgemap.operations import (
    Explanation,
    Invalidation,
    MatchedTarget,
    Plan,
    PlannedInvalidation,
    PlanSummary,
    explain_change,
    plan_changes,
    read_listed_keys,
    route_change_list,
)
from purgemap.operations.inputs import parse_lines, prefix_errors_with
from purgemap.routemap import MapError, RouteMap, load_map
from purgemap.routing import Skip
from purgemap.text import parse_s3_uri

__all__ = [
    "Explanation",
    "Invalidation",
    "MapError",
    "MatchedTarget",
    "Plan",
    "PlanSummary",
    "PlannedInvalidation",
    "PurgemapError",
    "RouteMap",
    "Skip",
    "explain",
    "load_map",
    "plan",
]


def explain(route_map: RouteMap, uri: str, event: str = CREATED) -> Explanation:
    """Explain what a change of one object invalidates, and why other routes don't match.

    The URI, s3://BUCKET/KEY, is never decoded. The event is "created", "deleted" or "expired". Raises PurgemapError.
    """
    if event not in (CREATED, DELETED, EXPIRED):
        raise PurgemapError(f"{event!r} is not an event; write {CREATED}, {DELETED} or {EXPIRED}")
    return explain_change(route_map, *parse_s3_uri(uri), event)


def plan(
    route_map: RouteMap,
    changes: Iterable[str],
    *,
    bucket: str | None = None,
    listing: str | None = None,
) -> Plan:
    """Plan the invalidations of a deploy without sending them.

    `changes` are the lines that `purgemap plan` reads: s3:// URIs, output of `aws s3 sync`, JSON events, or keys of
    `bucket`. `listing` is the text of a listing of the bucket after the deploy: with it, wildcards spare unchanged
    objects. Raises PurgemapError for a line that is none of these.
    """
    if isinstance(changes, str):
        # Not splitlines(): it also ends lines at characters that a key may hold, such as U+2028.
        raise PurgemapError(r'changes is one text; pass its lines, as text.split("\n")')
    change_list = parse_lines(changes, bucket=bucket)
    with prefix_errors_with("listing"):
        keys_by_bucket = None if listing is None else read_listed_keys(listing, bucket, change_list)
    return plan_changes(route_change_list(route_map, change_list, keys_by_bucket, now=time.time()))
