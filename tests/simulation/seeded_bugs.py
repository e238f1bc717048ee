"""Bugs that services of this kind have had; the simulation must detect each."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from itertools import islice
from typing import Any, NamedTuple
from unittest import mock

from purgemap import pipeline
from purgemap.delivery import Accepted, Outcome, daily_budget, queueing
from purgemap.delivery.backoff import last_wildcard_slot
from purgemap.delivery.queueing import EnqueueFailure, Queue, enqueue_outcomes
from purgemap.delivery.sender import _AccountSender
from purgemap.events import Batch, ObjectChange, parse_payload
from purgemap.jobs import pack_bodies
from purgemap.paths.encoding import EncodingVariant
from purgemap.routing.router import Router
from purgemap.routing.targets import RoutedChanges
from simulation import ledger_bugs
from simulation.lambdas import EventSource
from simulation.queues import Entry
from simulation.running import RunOptions

_LEDGER = RunOptions(regime="ledger")


class Bug(NamedTuple):
    """A bug: its patch, and the options of its runs."""

    plant: Callable[[], AbstractContextManager[object]] = nullcontext
    options: RunOptions = RunOptions()


class AcknowledgesFirst(EventSource):
    """Deletes the messages, then handles them: a killed invocation loses its batch."""

    def process(self, entries: Sequence[Entry]) -> None:
        self._queue.acknowledge(entries)
        self.invoke(entries)


@contextmanager
def _drop(reason: str) -> Iterator[None]:
    """Jobs that are deferred or rejected for a reason are lost."""

    def keep_others(
        outcomes: Iterable[Outcome], queue: Queue | None, dead_letters: Queue | None
    ) -> list[EnqueueFailure]:
        others = [outcome for outcome in outcomes if isinstance(outcome, Accepted) or reason not in outcome.reason]
        return enqueue_outcomes(others, queue, dead_letters)

    with mock.patch.object(pipeline, "enqueue_outcomes", keep_others):
        yield


@contextmanager
def _call_out_of_time() -> Iterator[None]:
    """Calls start without checking the time left."""

    with mock.patch.object(_AccountSender, "_has_time", return_value=True):
        yield


@contextmanager
def _drop_last_of_pack() -> Iterator[None]:
    """The last of the jobs that share a message is lost."""

    def pack_others(bodies: Sequence[str]) -> Iterator[tuple[str, int]]:
        for body, count in pack_bodies(bodies):
            yield (json.dumps(json.loads(body)[:-1]) if count > 1 else body), count

    with mock.patch.object(queueing, "pack_bodies", pack_others):
        yield


@contextmanager
def _route_forty_prefixes() -> Iterator[None]:
    """Only the first 40 targets of a batch are routed."""
    route = Router.route

    def route_some(router: Router, changes: Iterable[ObjectChange]) -> RoutedChanges:
        routed = route(router, changes)
        return routed._replace(keys_by_target=dict(islice(routed.keys_by_target.items(), 40)))

    with mock.patch.object(Router, "route", route_some):
        yield


@contextmanager
def _encode_plus() -> Iterator[None]:
    """Every `+` is encoded, so URLs with a literal `+` stay cached."""
    encode = EncodingVariant.encode

    def encode_plus(variant: EncodingVariant, text: str) -> str:
        return encode(variant, text).replace("+", "%2B")

    with mock.patch.object(EncodingVariant, "encode", encode_plus):
        yield


@contextmanager
def _swallow_bad_record() -> Iterator[None]:
    """Malformed records are acknowledged without a dead letter."""

    def parse_readable(payload: Any) -> Batch:
        return parse_payload(payload)._replace(malformed=[])

    with mock.patch.object(pipeline, "parse_payload", parse_readable):
        yield


@contextmanager
def _hold_until_begun_slot() -> Iterator[None]:
    """Jobs are held until a slot that has begun, so the wildcards sent in it pass for those of later changes."""
    with mock.patch.object(daily_budget, "next_wildcard_slot", last_wildcard_slot):
        yield


BUGS = {
    "acknowledge before accept": Bug(options=RunOptions(source=AcknowledgesFirst)),
    "drop on TooMany": Bug(partial(_drop, "TooMany")),
    "encode +": Bug(_encode_plus),
    "swallow one bad record": Bug(_swallow_bad_record),
    "hold until a begun slot": Bug(_hold_until_begun_slot),
    "call out of time": Bug(_call_out_of_time, RunOptions(regime="processor")),
    "drop on silence of STS": Bug(partial(_drop, "sts.amazonaws.com"), RunOptions(regime="sts")),
    "drop jobs of no distribution": Bug(
        partial(_drop, "no longer has this distribution"), RunOptions(regime="redeploys")
    ),
    "drop the last of a pack": Bug(_drop_last_of_pack, RunOptions(regime="crowds")),
    "route forty prefixes": Bug(_route_forty_prefixes, RunOptions(regime="scopes")),
    "record before acceptance": Bug(ledger_bugs.record_before_acceptance, _LEDGER),
    "ignore sequencers": Bug(ledger_bugs.ignore_sequencers, _LEDGER),
    "ignore the event's ETag": Bug(ledger_bugs.ignore_etag_of_event, _LEDGER),
    "ignore headers": Bug(ledger_bugs.ignore_headers, _LEDGER),
    "record a head from before the mark": Bug(ledger_bugs.record_head_from_before_mark, _LEDGER),
    "skip any version": Bug(ledger_bugs.skip_any_version, _LEDGER),
    "take null for a version id": Bug(ledger_bugs.take_null_for_id, _LEDGER),
    "trust records of a gap": Bug(ledger_bugs.trust_old_records, _LEDGER),
    "leave deleted objects unmarked": Bug(ledger_bugs.leave_deleted_unmarked, _LEDGER),
    "pad sequencers": Bug(ledger_bugs.pad_sequencers, _LEDGER),
}
