"""Write the result of a batch to the log: a JSON line per outcome and problem, and one for the batch.

The batch's line also holds its metrics, in CloudWatch's embedded metric format:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
import logging
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from purgemap.delivery import Accepted, Deferred, Excess, Outcome, Rejected
from purgemap.pipeline import BatchResult
from purgemap.routemap import MapError

if TYPE_CHECKING:
    from purgemap.ledger import LedgerResult

logger = logging.getLogger("purgemap")
DEFAULT_NAMESPACE = "purgemap"

# Enough items to recognise a line; level DEBUG shows the others.
MAX_ITEMS_SHOWN = 20
# CloudWatch accepts 100 values of a metric in one line.
_MAX_VALUES = 100

_UNITS = {"seconds_to_accepted": "Seconds", "oldest_change_seconds": "Seconds"}


class Line(NamedTuple):
    """A line of the log. A line for alarms is written at every log level."""

    level: int
    message: str
    fields: dict[str, Any]
    is_for_alarms: bool = False


class JsonFormatter(logging.Formatter):
    """A formatter of records: one JSON object, whose members CloudWatch Logs Insights shows as columns."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line = {"level": record.levelname, "message": record.getMessage(), **getattr(record, "fields", {})}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def log_batch(result: BatchResult, started: float, ended: float, namespace: str = DEFAULT_NAMESPACE) -> None:
    """Log a batch and its metrics; its start and end are in seconds since the epoch."""
    for line in batch_lines(result, started, ended, namespace, with_items=logger.isEnabledFor(logging.DEBUG)):
        _write(line)


def log_map_error(error: MapError) -> None:
    """Log that the function has no valid map.

    The metric filter in deploy/template.yaml matches the field `error`, which no other line has. It can't match what
    Lambda prints of an exception: that is text which may contain any key.
    """
    _write(Line(logging.ERROR, "invalid map", {"error": "MapError", "reason": str(error)}, is_for_alarms=True))


def _write(line: Line) -> None:
    if line.is_for_alarms or logger.isEnabledFor(line.level):
        fields = {"fields": line.fields}
        logger.handle(logger.makeRecord(logger.name, line.level, "", 0, line.message, (), None, extra=fields))


def batch_lines(
    result: BatchResult,
    started: float,
    ended: float,
    namespace: str = DEFAULT_NAMESPACE,
    *,
    with_items: bool = False,
) -> Iterator[Line]:
    """Yield the lines of a batch: outcomes, warnings, problems, and the batch with its metrics.

    Deferred jobs share a line for each reason, as there may be thousands. `with_items` adds a line for each job.
    """
    for outcome in result.outcomes:
        if not isinstance(outcome, Deferred):
            yield _outcome_line(outcome, ended)
        if with_items:
            fields = {"distribution": outcome.job.distribution, "items": sorted(outcome.job.scopes)}
            yield Line(logging.DEBUG, "items", fields)
    yield from _deferral_lines(outcome for outcome in result.outcomes if isinstance(outcome, Deferred))
    for warning in (*result.jobs.warnings, *result.notes.warnings):
        yield Line(logging.WARNING, warning, {})
    for excess in result.notes.excesses:
        yield Line(logging.WARNING, "over budget", _excess_fields(excess))
    for source, reason in result.batch.malformed:
        yield Line(logging.ERROR, "malformed record", {"source": source, "reason": reason})
    for distribution, reason in result.enqueue_failures:
        yield Line(logging.ERROR, "failed", {"distribution": distribution, "reason": reason})
    if result.ledger:
        yield _ledger_line(result.ledger)
    yield _batch_line(result, started, ended, namespace)


def _outcome_line(outcome: Accepted | Rejected, ended: float) -> Line:
    job = outcome.job
    fields: dict[str, Any] = {"distribution": job.distribution, "changes": job.changes, "refusals": job.failed_attempts}
    if isinstance(outcome, Accepted):
        fields |= {
            "paths": len(outcome.items),
            "wildcards": outcome.wildcards,
            "items": outcome.items[:MAX_ITEMS_SHOWN],
            "invalidation": outcome.id,
            "caller_reference": outcome.caller_reference,
            "seconds_to_accepted": _age(job.oldest_event_time, ended),
        }
        if not outcome.replaced_items:
            return Line(logging.INFO, "accepted", fields)
        # A wildcard replaced items that CloudFront rejects, so it evicted more than necessary.
        return Line(logging.WARNING, "accepted", fields | {"replaced_items": outcome.replaced_items[:MAX_ITEMS_SHOWN]})
    fields |= {"items": sorted(job.scopes)[:MAX_ITEMS_SHOWN], "reason": outcome.reason}
    return Line(logging.ERROR, "rejected", fields)


def _deferral_lines(deferrals: Iterable[Deferred]) -> Iterator[Line]:
    outcomes_by_reason: dict[tuple[bool, str], list[Deferred]] = {}
    for outcome in deferrals:
        outcomes_by_reason.setdefault((outcome.job.failed_attempts > 0, outcome.reason), []).append(outcome)
    for (has_failed, reason), outcomes in outcomes_by_reason.items():
        jobs = [outcome.job for outcome in outcomes]
        fields = {
            "distributions": sorted({job.distribution for job in jobs})[:MAX_ITEMS_SHOWN],
            "jobs": len(jobs),
            "changes": sum(job.changes for job in jobs),
            "refusals": max(job.failed_attempts for job in jobs),
            "reason": reason,
            "delay": max(outcome.delay for outcome in outcomes),
        }
        # A job without a failed attempt only waits for its turn.
        yield Line(logging.WARNING if has_failed else logging.INFO, "deferred", fields)


def _age(time: float, ended: float) -> float:
    return round(max(ended - time, 0), 1)


def _excess_fields(excess: Excess) -> dict[str, Any]:
    return {
        "distribution": excess.distribution,
        "spent": excess.spent,
        "max_paths_per_day": excess.budget,
        "next_wildcards": datetime.fromtimestamp(excess.next_wildcards, UTC).isoformat(timespec="seconds"),
    }


def _ledger_line(result: "LedgerResult") -> Line:
    fields = {**result._asdict(), "failed_marks": len(result.failed_marks)}
    # After a failed mark its records return; without a record the next upload is invalidated, as without a ledger.
    return Line(logging.WARNING if result.failed_marks else logging.INFO, "ledger", fields)


def _batch_line(result: BatchResult, started: float, ended: float, namespace: str) -> Line:
    batch, outcomes = result.batch, result.outcomes
    accepted = [outcome for outcome in outcomes if isinstance(outcome, Accepted)]
    metrics = {
        "changes": len({(change.bucket, change.key) for change in batch.changes}),
        "unrouted": len(result.jobs.unrouted),
        "ignored": sum(batch.ignored.values()),
        "malformed": len(batch.malformed),
        "items": sum(len(outcome.items) for outcome in accepted),
        "wildcards": sum(outcome.wildcards for outcome in accepted),
        "accepted": len(accepted),
        "deferred": sum(isinstance(outcome, Deferred) for outcome in outcomes),
        "rejected": sum(isinstance(outcome, Rejected) for outcome in outcomes),
        "failed": len(result.enqueue_failures),
        "over_budget": len(result.notes.excesses),
        "oldest_change_seconds": _oldest_change_seconds(outcomes, ended),
        "seconds_to_accepted": [_age(outcome.job.oldest_event_time, ended) for outcome in accepted][:_MAX_VALUES],
    }
    if result.ledger:
        metrics["unchanged"] = result.ledger.unchanged
    properties = {
        "seconds": round(ended - started, 3),
        "jobs": len(batch.jobs),
        "ignored_reasons": dict(batch.ignored),
        "distributions": sorted({outcome.job.distribution for outcome in outcomes})[:MAX_ITEMS_SHOWN],
        "routes": result.jobs.routes[:MAX_ITEMS_SHOWN],
    }
    fields = {**_embedded_metrics(metrics, ended, namespace), **properties}
    return Line(logging.INFO, "batch", fields, is_for_alarms=True)


def _oldest_change_seconds(outcomes: Iterable[Outcome], ended: float) -> float:
    """Return the age of the oldest deferred change at its next attempt, in seconds; 0 if none is deferred.

    Each deferral is a new message, so the queue's own age of its oldest message does not show how long a job waits. A
    job that is held for its daily budget counts from its slot: the metric `over_budget` shows it.
    """
    ages = [
        ended + outcome.delay - max(outcome.job.oldest_event_time, outcome.job.held_until)
        for outcome in outcomes
        if isinstance(outcome, Deferred)
    ]
    return round(max(0.0, *ages), 1) if ages else 0.0


def _embedded_metrics(metrics: dict[str, Any], ended: float, namespace: str) -> dict[str, Any]:
    """Return metrics with their description, without those that have no value.

    Distribution and route are no dimensions: each combination of dimensions is a metric with a monthly price. The
    namespace separates several services in an account and region.
    """
    metrics = {name: value for name, value in metrics.items() if value != []}
    definitions = [{"Name": name, "Unit": _UNITS.get(name, "Count")} for name in metrics]
    return {
        "_aws": {
            "Timestamp": int(ended * 1000),
            "CloudWatchMetrics": [{"Namespace": namespace, "Dimensions": [[]], "Metrics": definitions}],
        },
        **metrics,
    }
