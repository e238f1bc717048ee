"""Preview what the ledger would skip of uploads that are done, without a change of its table."""

from collections.abc import Mapping
from dataclasses import replace

from purgemap.events import CREATED
from purgemap.ledger.content_ledger import LedgerCheck, LedgerResult, drop_unchanged
from purgemap.ledger.edges import LedgerTable, ObjectHeads, ObjectId, Record
from purgemap.ledger.fingerprint import fingerprint
from purgemap.ledger.tracked_objects import TrackedObject, list_tracked
from purgemap.ledger.tracking import RouteTracking
from purgemap.routemap import RouteMap
from purgemap.routing import RoutedChanges

_MAX_SECONDS = 3_600


def preview_unchanged(
    table: LedgerTable, heads: ObjectHeads, route_map: RouteMap, routed: RoutedChanges, now: float
) -> LedgerCheck | None:
    """Remove the uploads from changes that left their objects as they were; None if the table can't be read.

    An object counts as unchanged if its record is older than S3's time of the upload and still describes it. So the
    result is the same before and after the function has processed the upload. Before the upload, nothing counts.
    """
    # The function's deadlines are short because changes wait for it. No change waits for a preview.
    deadline = now + _MAX_SECONDS
    tracking = RouteTracking(_UnwrittenTracking(table), route_map)
    if not tracking.update(now, deadline):
        return None
    created = [tracked for tracked in list_tracked([], routed) if _is_created(tracked.id, routed)]
    records = table.read([tracked.id for tracked in created], deadline)
    candidates: list[tuple[TrackedObject, Record]] = []
    for tracked in created:
        record = records.get(tracked.id)
        if record and record.fingerprint and tracking.is_valid(tracked.targets, record.seen):
            candidates.append((tracked, record))
    # A person reads objects with permissions of their own, not with the function's roles.
    readers = [(tracked.id, replace(tracked.reader, role_arn=None, external_id=None)) for tracked, _ in candidates]
    unchanged = {
        tracked.id
        for (tracked, record), head in zip(candidates, heads.head(readers, deadline) if readers else [], strict=True)
        if head and record.seen < head.last_modified and fingerprint(head, tracked.targets) == record.fingerprint
    }
    return LedgerCheck(drop_unchanged(unchanged, routed), LedgerResult(len(unchanged)))


def _is_created(id_: ObjectId, routed: RoutedChanges) -> bool:
    bucket, key = id_
    return all(event == CREATED or key not in first for event, (first, _) in routed.changes[bucket].items())


class _UnwrittenTracking:
    """The tracking of a table, which reports each write as done and makes none."""

    def __init__(self, table: LedgerTable) -> None:
        self.read_tracking = table.read_tracking

    def write_tracking(self, since: Mapping[str, float], version: str, deadline: float) -> bool:  # noqa: ARG002  the Protocol's signature
        return True
