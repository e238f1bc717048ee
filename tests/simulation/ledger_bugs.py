"""Bugs of the ledger: each lets an old copy survive that only the simulation's interleavings and faults show."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any
from unittest import mock

from purgemap.delivery import RateLimit
from purgemap.events import CREATED
from purgemap.ledger import (
    Ledger,
    LedgerCheck,
    Mark,
    MarkResult,
    ObjectHead,
    ObjectId,
    ObjectVersion,
    content_ledger,
    tracked_objects,
)
from purgemap.ledger.tracked_objects import TrackedObject, list_tracked, shows_version
from purgemap.ledger.tracking import RouteTracking
from purgemap.routing import RoutedChanges
from simulation.ledger_edges import SimulatedLedgerTable, SimulatedObjectHeads

# The room has a function of the same name.
_fingerprints = import_module("purgemap.ledger.fingerprint")


@contextmanager
def record_before_acceptance() -> Iterator[None]:
    """Fingerprints are written before CloudFront has accepted anything."""
    check = Ledger.check

    def check_and_record(ledger: Ledger, payload: Any, routed: RoutedChanges, rate_limit: RateLimit) -> LedgerCheck:
        checked = check(ledger, payload, routed, rate_limit)
        ledger._table.record([pending.record for pending in checked.pending], rate_limit.now() + 5)
        return checked

    with mock.patch.object(Ledger, "check", check_and_record):
        yield


@contextmanager
def ignore_sequencers() -> Iterator[None]:
    """All events of an object count as the same one."""
    with mock.patch.object(tracked_objects, "_normalize_sequencer", return_value="1"):
        yield


@contextmanager
def ignore_etag_of_event() -> Iterator[None]:
    """Only the object is compared with the record, so an upload that was overwritten since counts as unchanged."""
    find = Ledger._find_unchanged

    def find_by_objects(ledger: Ledger, objects: Sequence[TrackedObject], deadline: float) -> set[ObjectId]:
        heads = ledger._heads
        assert isinstance(heads, SimulatedObjectHeads)

        def with_present_etag(tracked: TrackedObject) -> TrackedObject:
            head = heads.objects.head(tracked.id)
            etag = head.etag if head else ""
            return tracked._replace(versions=[version._replace(etag=etag) for version in tracked.versions])

        return find(ledger, [with_present_etag(tracked) for tracked in objects], deadline)

    with mock.patch.object(Ledger, "_find_unchanged", find_by_objects):
        yield


@contextmanager
def ignore_headers() -> Iterator[None]:
    """The fingerprint has the bytes and no headers."""
    with mock.patch.object(_fingerprints, "_VIEWER_FIELDS", ("ContentLength",)):
        yield


@contextmanager
def record_head_from_before_mark() -> Iterator[None]:
    """The heads to record are read before the marks: a later event may have been skipped in between."""
    build, prepare = Ledger.__init__, Ledger._prepare_records

    def build_with_early_heads(ledger: Ledger, table: Any, heads: Any, *others: Any) -> None:
        build(ledger, _TableAfterHeads(table, heads), heads, *others)

    def prepare_early(ledger: Ledger, marked: Sequence[TrackedObject], token: str, deadline: float) -> Any:
        assert isinstance(ledger._table, _TableAfterHeads)
        early = ledger._table.heads_by_token.pop(token, {})

        def read(objects: Sequence[TrackedObject], _: float) -> list[ObjectHead | None]:
            return [early[tracked.id] for tracked in objects]

        # No other function runs meanwhile, since nothing waits.
        with mock.patch.object(ledger, "_read_heads", read):
            return prepare(ledger, marked, token, deadline)

    with (
        mock.patch.object(Ledger, "__init__", build_with_early_heads),
        mock.patch.object(Ledger, "_prepare_records", prepare_early),
    ):
        yield


class _TableAfterHeads:
    """A table before whose marks the heads are read."""

    def __init__(self, table: SimulatedLedgerTable, heads: SimulatedObjectHeads) -> None:
        self._table = table
        self._heads = heads
        self.heads_by_token: dict[str, dict[ObjectId, ObjectHead | None]] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._table, name)

    def mark(self, marks: Sequence[Mark], deadline: float) -> list[MarkResult]:
        self.heads_by_token[marks[0].token] = {
            mark.object_id: self._heads.objects.head(mark.object_id) for mark in marks
        }
        return self._table.mark(marks, deadline)


@contextmanager
def skip_any_version() -> Iterator[None]:
    """An upload counts as unchanged although S3 shows a later version with the same bytes."""

    def shows_any(head: ObjectHead, version: ObjectVersion) -> bool:
        return head.etag == version.etag

    with mock.patch.object(content_ledger, "shows_version", shows_any):
        yield


@contextmanager
def take_null_for_id() -> Iterator[None]:
    """The version id "null" counts as proof of a version."""

    def shows_null(head: ObjectHead, version: ObjectVersion) -> bool:
        is_null = head.version_id == version.version_id == "null"
        return head.etag == version.etag if is_null else shows_version(head, version)

    with mock.patch.object(content_ledger, "shows_version", shows_null):
        yield


@contextmanager
def trust_old_records() -> Iterator[None]:
    """Records from before a route was tracked without a gap count, too."""
    with mock.patch.object(RouteTracking, "is_valid", return_value=True):
        yield


@contextmanager
def leave_deleted_unmarked() -> Iterator[None]:
    """A deletion is invalidated, and the object's fingerprint stays."""

    def list_created(payload: Any, routed: RoutedChanges) -> list[TrackedObject]:
        return [
            tracked
            for tracked in list_tracked(payload, routed)
            if any(version.change.event == CREATED for version in tracked.versions)
        ]

    with mock.patch.object(content_ledger, "list_tracked", list_created):
        yield


@contextmanager
def pad_sequencers() -> Iterator[None]:
    """Sequencers of different lengths are compared as if S3 left out zeros at their start, or at their end."""
    normalize = tracked_objects._normalize_sequencer
    with mock.patch.object(tracked_objects, "_normalize_sequencer", lambda text: normalize(text).zfill(32)):
        yield
