"""Report the accepted and rejected jobs of a batch on an event bus, for chats, tickets and cache warmers.

A batch makes one call, of up to 10 events. If it has more outcomes, an event reports several. `schemas/` describes the
details. Only a function with an event bus imports this module.
"""

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import accumulate
from typing import Any, NamedTuple, Protocol

from purgemap.delivery import EVENT_CALL, Accepted, Rejected
from purgemap.pipeline import BatchResult
from purgemap.routemap import RouteMap
from purgemap.text import escape_control_characters, join_with_limit, pluralize

# No rule of the stack matches this source, so an event can't start another run of the function.
SOURCE = "purgemap"
ACCEPTED, REJECTED = "Invalidation Accepted", "Invalidation Rejected"
DETAIL_VERSION = 1

# https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
MAX_EVENTS = 10
# EventBridge accepts 1 MB a call today and accepted 256 KB for years, all entries together. SNS still accepts 256 KB.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html#eb-putevent-size
MAX_BYTES = 240_000

# A report without items fits a tenth of MAX_BYTES, even if JSON needs twelve bytes for each character.
MAX_NAMES = 10
MAX_NAME_CHARACTERS = 100
MAX_REASON_CHARACTERS = 500
_MAX_SUMMARY_CHARACTERS = 300

# The call, and the time to build the events and the response.
MIN_SECONDS_FOR_EVENTS = EVENT_CALL.max_seconds + 3

# EventBridge's input transformer puts a value into a JSON text without escaping it.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
_PLAIN = str.maketrans('"\\', "'/")

_logger = logging.getLogger("purgemap")


class EventBus(Protocol):
    """The call to an event bus."""

    def put_events(self, events: Sequence[tuple[str, str, str]]) -> list[str]:
        """Put events, each a source, a detail type and a detail; returns for each its failure, or ""."""


class Event(NamedTuple):
    """An event; its detail is a JSON text."""

    source: str
    detail_type: str
    detail: str


class CompletionEvents:
    """The events of each batch, which go to a bus. A failure is a line of the log, never an exception."""

    def __init__(self, bus: EventBus, route_map: RouteMap) -> None:
        self._bus = bus
        self._route_map = route_map

    def send(self, result: BatchResult, ended: float, seconds_left: Callable[[], float]) -> None:
        """Send the events of a batch that ended at a time, in seconds since the epoch."""
        events: list[Event] = []
        try:
            events = build_events(result, self._route_map.names_by_id, ended)
            failures = self._put(events, seconds_left()) if events else []
        except Exception as error:  # noqa: BLE001  the invalidations were sent, and must not be sent twice
            failures = [f"{type(error).__name__}: {error}"] * max(len(events), 1)
        reasons = [failure for failure in failures if failure]
        if reasons:
            fields = {"events": len(events), "failed": len(reasons), "reason": reasons[0]}
            _logger.warning("events not sent", extra={"fields": fields})

    def _put(self, events: Sequence[Event], seconds_left: float) -> list[str]:
        if seconds_left < MIN_SECONDS_FOR_EVENTS:
            return [f"the function has {seconds_left:.0f} s left"] * len(events)
        return self._bus.put_events(events)


def build_events(result: BatchResult, names_by_id: Mapping[str, Sequence[str]], ended: float) -> list[Event]:
    """Build the events of a batch, rejections first: one for each outcome, or one for a group if there are many."""
    rejected = [outcome for outcome in result.outcomes if isinstance(outcome, Rejected)]
    accepted = [outcome for outcome in result.outcomes if isinstance(outcome, Accepted)]
    # A person must act on a rejection, so these share an event last.
    groups = [(REJECTED, group) for group in _divide(rejected, MAX_EVENTS - bool(accepted))]
    groups += [(ACCEPTED, group) for group in _divide(accepted, MAX_EVENTS - len(groups))]
    routes_by_id: dict[str, set[str]] = {}
    for target in result.jobs.targets:
        routes_by_id.setdefault(target.distribution.id, set()).add(target.route)
    events = []
    for detail_type, outcomes in groups:
        reports = [
            (_report(outcome, names_by_id, routes_by_id, ended), _items(outcome), outcome.job.distribution)
            for outcome in outcomes
        ]
        summary = _summarize(outcomes, names_by_id)
        events.append(Event(SOURCE, detail_type, _detail(summary, reports, MAX_BYTES // len(groups))))
    return events


def _divide(outcomes: Sequence[Accepted | Rejected], groups: int) -> Iterator[Sequence[Accepted | Rejected]]:
    """Divide outcomes into at most `groups` groups of equal size; those of a distribution are neighbours."""
    outcomes = sorted(outcomes, key=lambda outcome: outcome.job.distribution)
    groups = min(groups, len(outcomes))
    for group in range(groups):
        yield outcomes[len(outcomes) * group // groups : len(outcomes) * (group + 1) // groups]


def _report(
    outcome: Accepted | Rejected,
    names_by_id: Mapping[str, Sequence[str]],
    routes_by_id: Mapping[str, Iterable[str]],
    ended: float,
) -> dict[str, Any]:
    """Build the report of an outcome, without its items."""
    job, items = outcome.job, _items(outcome)
    routes = sorted(routes_by_id.get(job.distribution, ()))
    report: dict[str, Any] = {
        "distribution": _cut(job.distribution, MAX_NAME_CHARACTERS),
        "names": _cut_names(names_by_id.get(job.distribution, ())),
        "routes": _cut_names(routes),
        "routes_total": len(routes),
        "changes": job.changes,
        "refusals": job.failed_attempts,
        "oldest_change": _format_time(min(job.oldest_event_time, ended)),
        "items": [],
        "items_total": len(items),
    }
    if isinstance(outcome, Rejected):
        return report | {"reason": _cut(outcome.reason, MAX_REASON_CHARACTERS)}
    return report | {
        "invalidation": outcome.id,
        "caller_reference": outcome.caller_reference,
        "paths": len(items),
        "wildcards": outcome.wildcards,
        "seconds_to_accepted": round(max(ended - job.oldest_event_time, 0), 1),
    }


def _items(outcome: Accepted | Rejected) -> Sequence[str]:
    return outcome.items if isinstance(outcome, Accepted) else sorted(outcome.job.scopes)


def _cut_names(names: Sequence[str]) -> list[str]:
    return [_cut(name, MAX_NAME_CHARACTERS) for name in names[:MAX_NAMES]]


def _cut(text: str, limit: int) -> str:
    # Half of a surrogate pair, which only a message of the queue may contain, would make the whole call invalid.
    text = text.encode(errors="replace").decode()
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _format_time(seconds: float) -> str:
    # A message of the queue may hold any finite number.
    time = datetime.fromtimestamp(max(seconds, 0), UTC)
    return time.isoformat(timespec="seconds").replace("+00:00", "Z")


def _summarize(outcomes: Sequence[Accepted | Rejected], names_by_id: Mapping[str, Sequence[str]]) -> str:
    """Format a line for people, without characters that end a JSON text."""
    labels = dict.fromkeys(_label(outcome.job.distribution, names_by_id) for outcome in outcomes)
    items = pluralize(sum(len(_items(outcome)) for outcome in outcomes), "item")
    first = outcomes[0]
    verb, reason = ("rejected", f": {first.reason}") if isinstance(first, Rejected) else ("accepted", "")
    jobs = f" of {pluralize(len(outcomes), 'job')}" if len(outcomes) > 1 else ""
    text = f"{items}{jobs} {verb} for {join_with_limit(list(labels))}{reason}"
    return _cut(escape_control_characters(" ".join(text.split())).translate(_PLAIN), _MAX_SUMMARY_CHARACTERS)


def _label(distribution: str, names_by_id: Mapping[str, Sequence[str]]) -> str:
    names = names_by_id.get(distribution)
    return f"{names[0]} ({distribution})" if names else distribution


def _detail(summary: str, reports: Sequence[tuple[dict[str, Any], Sequence[str], str]], max_bytes: int) -> str:
    """Format a detail; what exceeds the size is cut, and the totals show it."""
    ids = sorted({_cut(distribution, MAX_NAME_CHARACTERS) for _, _, distribution in reports})
    detail: dict[str, Any] = {
        "version": DETAIL_VERSION,
        "summary": summary,
        "distributions": [],
        "distributions_total": len(ids),
        "invalidations": [],
        "invalidations_total": len(reports),
    }
    # Ids go first: rules select events by them.
    detail["distributions"] = _fitting(ids, (max_bytes - _size(detail)) // 2)
    kept = _fitting([report for report, _, _ in reports], max_bytes - _size(detail))
    detail["invalidations"] = kept
    rest = max_bytes - _size(detail)
    # The shortest lists first, so that what they leave is for the longer ones.
    lists = sorted(((items, report) for report, items, _ in reports[: len(kept)]), key=lambda pair: _size(pair[0]))
    for position, (items, report) in enumerate(lists):
        report["items"] = _fitting(items, rest // (len(lists) - position))
        rest -= _size(report["items"]) - _size([])
    return _dump(detail)


def _fitting(values: Sequence[Any], max_bytes: int) -> list[Any]:
    """Return the first values, as many as a JSON list of that size holds."""
    sizes = accumulate(_size(value) + len(",") for value in values)
    return [value for value, size in zip(values, sizes, strict=False) if size <= max_bytes]


def _size(value: Any) -> int:
    # ASCII, so characters are bytes.
    return len(_dump(value))


def _dump(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
