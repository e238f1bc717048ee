"""Skip the uploads of a batch that change nothing for viewers, and record what was accepted.

A fingerprint in the table means: the caches hold nothing older than this content. So it must not outlive a change.

1. `check`, before the jobs are built: an upload is skipped if the table has its fingerprint, and S3 still shows it.
2. Every other object is marked as dirty before its invalidation is sent: its fingerprint is removed.
3. `record`, after the batch: the fingerprint of an object is written if its invalidation was accepted by every
   distribution, and no later event has marked it since.

Any doubt invalidates: a failed read, a late answer, an event without an order.
"""

import uuid
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from purgemap.delivery import MIN_SECONDS_FOR_CALL, Accepted, Outcome, RateLimit
from purgemap.jobs import PendingJob
from purgemap.ledger.deployments import list_deployments
from purgemap.ledger.edges import (
    TRACKING_ID,
    LedgerTable,
    Mark,
    MarkResult,
    NewRecord,
    ObjectHead,
    ObjectHeads,
    ObjectId,
)
from purgemap.ledger.fingerprint import fingerprint
from purgemap.ledger.listing import LedgerListings, SkippingPlaces
from purgemap.ledger.tracked_objects import TrackedObject, list_tracked, shows_version
from purgemap.ledger.tracking import RouteTracking
from purgemap.planning import FolderCounts
from purgemap.routemap import RouteMap
from purgemap.routing import RoutedChanges, Router

BUDGET_SECONDS = 10
"""The seconds that a batch spends before it sends, at most."""

# A head takes about 1 ms of CPU, so the heads of a full batch of 4,000 objects fit in this time on one core. Marks
# protect, so reads leave time for them; 40 transactions take less than a second. The heads after the marks come last:
# without them, only the next upload is invalidated.
_READ_SECONDS = 7
_MARK_SECONDS = 9
# A function whose time ends marks, too: otherwise its records would be retried without need.
_MIN_MARK_SECONDS = 2

# After the batch's last call. The response must still reach Lambda.
_RECORD_SECONDS = 5
_SECONDS_FOR_RESPONSE = 5


class FailedMark(NamedTuple):
    """An item of the table that could not be written: old records may have survived, so its messages must be retried.

    The item is an object's, or the one of tracking, for a deployment.
    """

    object_id: ObjectId
    sources: frozenset[str]
    distributions: frozenset[str]


class LedgerResult(NamedTuple):
    """The counts of a batch's objects: skipped as unchanged, marked, recorded and not recorded.

    `newer` counts those that were not marked, because the table has a later event.
    """

    unchanged: int = 0
    marked: int = 0
    newer: int = 0
    failed_marks: Sequence[FailedMark] = ()
    recorded: int = 0
    unrecorded: int = 0


class PendingRecord(NamedTuple):
    """A record to write if all of these distributions accept their invalidations."""

    record: NewRecord
    distributions: frozenset[str]


class LedgerCheck(NamedTuple):
    """The changes without the unchanged objects, the counts so far, and the records that acceptance allows.

    `token` identifies the invocation.
    """

    routed: RoutedChanges
    result: LedgerResult = LedgerResult()
    pending: Sequence[PendingRecord] = ()
    token: str = ""

    def renew_references(self, jobs: list[PendingJob]) -> list[PendingJob]:
        """Give the jobs of failed marks a caller reference that no retry repeats.

        An upload between this invalidation and the retry may be skipped for the record that survived. So the retry must
        evict again, and CloudFront ignores a repeated reference.
        """
        renewed = {distribution for mark in self.result.failed_marks for distribution in mark.distributions}
        return [
            pending._replace(job=pending.job._replace(sources=(*pending.job.sources, self.token)))
            if pending.job.distribution in renewed
            else pending
            for pending in jobs
        ]


class _Deadlines(NamedTuple):
    """The ends of the three phases before sending, in seconds since the epoch; `may_skip` is whether there is time."""

    reads: float
    marks: float
    heads: float
    may_skip: bool


def _deadlines(rate_limit: RateLimit) -> _Deadlines:
    now, spare = rate_limit.now(), rate_limit.seconds_left() - MIN_SECONDS_FOR_CALL
    may_skip = spare >= BUDGET_SECONDS
    marks = now + min(_MARK_SECONDS, max(spare, _MIN_MARK_SECONDS))
    return _Deadlines(now + _READ_SECONDS, marks, now + min(BUDGET_SECONDS, spare), may_skip)


class Ledger:
    """The content ledger of a map; `new_token` returns a text that no other invocation has."""

    def __init__(
        self,
        table: LedgerTable,
        heads: ObjectHeads,
        route_map: RouteMap,
        new_token: Callable[[], str] = lambda: uuid.uuid4().hex,
    ) -> None:
        self._table = table
        self._heads = heads
        self._tracking = RouteTracking(table, route_map)
        self._places = SkippingPlaces(route_map)
        self._new_token = new_token

    def check(self, payload: Any, routed: RoutedChanges, rate_limit: RateLimit) -> LedgerCheck:
        """Remove the unchanged objects from a batch, and mark the others as dirty."""
        deadlines = _deadlines(rate_limit)
        deployments = list_deployments(payload)
        is_tracking = deadlines.may_skip and self._tracking.update(rate_limit.now(), deadlines.reads, deployments)
        unseen = {each.source for each in deployments if not is_tracking}
        failed = [FailedMark(TRACKING_ID, frozenset(unseen), frozenset())] if unseen else []
        objects = list_tracked(payload, routed)
        if not objects:
            return LedgerCheck(routed, LedgerResult(failed_marks=failed))
        unchanged = self._find_unchanged(objects, deadlines.reads) if is_tracking else set()
        changed = [tracked for tracked in objects if tracked.id not in unchanged]
        token = self._new_token()
        # A deletion is always marked: S3 does not say that to delete a version has a later sequencer than its creation.
        marks = [
            Mark(tracked.id, "" if tracked.is_deleted else tracked.sequencer, token, tracked.is_deleted)
            for tracked in changed
        ]
        # The last read may end late, by the timeout of its call.
        deadline = max(deadlines.marks, rate_limit.now() + _MIN_MARK_SECONDS)
        results = self._table.mark(marks, deadline) if marks else []
        marked = [tracked for tracked, result in zip(changed, results, strict=True) if result is MarkResult.MARKED]
        failed += [
            FailedMark(tracked.id, frozenset(tracked.sources), frozenset(tracked.distributions))
            for tracked, result in zip(changed, results, strict=True)
            if result is MarkResult.FAILED
        ]
        counts = LedgerResult(len(unchanged), len(marked), results.count(MarkResult.NEWER), failed)
        pending = self._prepare_records(marked, token, deadlines.heads)
        return LedgerCheck(drop_unchanged(unchanged, routed), counts, pending, token)

    def open_listings(
        self, router: Router, rate_limit: RateLimit, counts_of: Callable[[str], FolderCounts] | None
    ) -> LedgerListings:
        """Return the listings for the plans of a batch; nothing is read before a plan has to choose wildcards."""
        return LedgerListings(self._table, self._places, router, rate_limit.now, counts_of)

    def _find_unchanged(self, objects: Sequence[TrackedObject], deadline: float) -> set[ObjectId]:
        """Return the objects whose upload changed nothing. Nothing is written for them."""
        promising = [tracked for tracked in objects if tracked.only_version]
        if not promising:
            return set()
        records = self._table.read([tracked.id for tracked in promising], deadline)
        candidates = []
        for tracked in promising:
            record, version = records.get(tracked.id), tracked.only_version
            # A head is a call, so only uploads that look unchanged are worth one.
            is_known = record and record.fingerprint and version and record.etag == version.etag
            if record and is_known and self._tracking.is_valid(tracked.targets, record.seen):
                candidates.append((tracked, version, record))
        heads = self._read_heads([tracked for tracked, _, _ in candidates], deadline)
        return {
            tracked.id
            for (tracked, version, record), head in zip(candidates, heads, strict=True)
            if head and version and shows_version(head, version)
            if fingerprint(head, tracked.targets) == record.fingerprint
        }

    def _prepare_records(self, marked: Sequence[TrackedObject], token: str, deadline: float) -> list[PendingRecord]:
        """Read the heads of marked objects, and return the records to write after acceptance."""
        # The heads are read after the marks. Otherwise a head could be recorded although another function has skipped a
        # later event meanwhile: then the older fingerprint would outlive that change.
        created = [
            (tracked, version) for tracked in marked if (version := tracked.latest_version) and not tracked.is_deleted
        ]
        pending = []
        heads = self._read_heads([tracked for tracked, _ in created], deadline)
        for (tracked, version), head in zip(created, heads, strict=True):
            # A retried batch may repeat the request of an earlier one, which evicts nothing again. So S3 must still
            # show the event's own version: the earlier request evicted all older ones.
            text = fingerprint(head, tracked.targets) if head and shows_version(head, version) else None
            if head and text:
                record = NewRecord(tracked.id, text, head.etag, token)
                pending.append(PendingRecord(record, frozenset(tracked.distributions)))
        return pending

    def _read_heads(self, objects: Sequence[TrackedObject], deadline: float) -> list[ObjectHead | None]:
        return self._heads.head([(tracked.id, tracked.reader) for tracked in objects], deadline) if objects else []

    def record(self, check: LedgerCheck, outcomes: Sequence[Outcome], rate_limit: RateLimit) -> LedgerResult:
        """Record the objects whose invalidations were accepted in full; `outcomes` are all of the batch."""
        # A deferred job may be lost to the dead-letter queue, or meet a change that this batch has not seen.
        incomplete = {outcome.job.distribution for outcome in outcomes if not isinstance(outcome, Accepted)}
        accepted = {outcome.job.distribution for outcome in outcomes} - incomplete
        records = [record for record, distributions in check.pending if distributions <= accepted]
        seconds = min(_RECORD_SECONDS, rate_limit.seconds_left() - _SECONDS_FOR_RESPONSE)
        failed = len(records)
        if records and seconds > 0:
            failed = self._table.record(records, rate_limit.now() + seconds)
        recorded = len(records) - failed
        return check.result._replace(recorded=recorded, unrecorded=check.result.marked - recorded)


def drop_unchanged(unchanged: set[ObjectId], routed: RoutedChanges) -> RoutedChanges:
    """Remove unchanged objects from the targets that skip them. Other targets keep them."""
    if not unchanged:
        return routed
    keys_by_target = {
        target: [key for key in keys if (target.bucket, key) not in unchanged]
        if target.settings.skip_unchanged
        else keys
        for target, keys in routed.keys_by_target.items()
    }
    return routed._replace(keys_by_target={target: keys for target, keys in keys_by_target.items() if keys})
