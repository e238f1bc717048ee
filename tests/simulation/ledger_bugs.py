"""Bugs of the ledger: each lets an old copy survive that only the simulation's interleavings and faults show."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any
from unittest import mock

from purgemap.delivery import RateLimit
from purgemap.events import CREATED, ObjectVersion
from purgemap.ledger import Ledger, LedgerCheck, Mark, MarkResult, ObjectHead, ObjectId, content_ledger, tracked_objects
from purgemap.ledger.tracked_objects import TrackedObject, list_tracked, shows_version
from purgemap.ledger.tracking import RouteTracking
from purgemap.routing import RoutedChanges
from simulation.ledger_edges import SimulatedLedgerTable, SimulatedObjectHeads

_NEVER = float("inf")

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
    mark, heads = SimulatedLedgerTable.mark, dict[str, dict[ObjectId, ObjectHead | None]]()
    prepare = Ledger._prepare_records

    def read_and_mark(table: SimulatedLedgerTable, marks: Sequence[Mark], deadline: float) -> list[MarkResult]:
        heads[marks[0].token] = {id_: table.objects.head(id_) for id_, _, _ in marks}
        return mark(table, marks, deadline)

    def prepare_with_old(ledger: Ledger, marked: Sequence[TrackedObject], token: str, deadline: float) -> Any:
        old = heads.get(token, {})

        def read(objects: Sequence[TrackedObject], _: float) -> list[ObjectHead | None]:
            return [old[tracked.id] for tracked in objects]

        with mock.patch.object(ledger, "_read_heads", read):
            return prepare(ledger, marked, token, deadline)

    with (
        mock.patch.object(SimulatedLedgerTable, "mark", read_and_mark),
        mock.patch.object(Ledger, "_prepare_records", prepare_with_old),
    ):
        yield


@contextmanager
def skip_any_version() -> Iterator[None]:
    """An upload counts as unchanged although S3 shows a later version with the same bytes."""
    with _shown_versions(Ledger._find_unchanged.__code__.co_name):
        yield


@contextmanager
def record_any_version() -> Iterator[None]:
    """A later version than the event's is recorded, also by a retry whose request evicts nothing again."""
    prepare = Ledger._prepare_records

    def prepare_any(ledger: Ledger, marked: Sequence[TrackedObject], token: str, deadline: float) -> Any:
        with mock.patch.object(content_ledger, "shows_version", return_value=True):
            return prepare(ledger, marked, token, deadline)

    with mock.patch.object(Ledger, "_prepare_records", prepare_any):
        yield
