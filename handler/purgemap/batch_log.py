"""What became of a payload → the log: a JSON line per outcome, warning and unreadable record, and one per batch.

The batch's line is also its metrics, in CloudWatch's embedded format:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
import logging
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from purgemap.delivery import Accepted, Deferred, Excess, Outcome, Rejected
from purgemap.pipeline import BatchResult
from purgemap.routemap import MapError

logger = logging.getLogger("purgemap")
DEFAULT_NAMESPACE = "purgemap"

# Enough of the items to see what a line is about; the rest shows at level DEBUG.
_SHOWN_ITEMS = 20

_UNITS = {"seconds_to_accepted": "Seconds", "oldest_change_seconds": "Seconds"}


class Line(NamedTuple):
    """One line of the log; an alarm may depend on it, whatever the log's level."""

    level: int
    message: str
    fields: dict[str, Any]
    is_for_alarms: bool = False


class JsonFormatter(logging.Formatter):
    """Writes a record and its `fields` as one JSON object, which CloudWatch Logs Insights reads as columns."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line = {"level": record.levelname, "message": record.getMessage(), **getattr(record, "fields", {})}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def log_batch(report: BatchResult, started: float, ended: float, namespace: str = DEFAULT_NAMESPACE) -> None:
    """Write a report to the log; the batch's times are in seconds since the epoch, the namespace is its metrics'."""
    for line in report_lines(report, started, ended, namespace):
        _write(line)


def log_map_error(error: MapError) -> None:
    """Write that the function has no valid map.

    The metric filter in deploy/template.yaml matches `error`, which no other line has. What Lambda prints of an
    exception is text that may hold any key.
    """
    _write(Line(logging.ERROR, "invalid map", {"error": "MapError", "reason": str(error)}, is_for_alarms=True))


def _write(line: Line) -> None:
    if line.is_for_alarms or logger.isEnabledFor(line.level):
        fields = {"fields": line.fields}
        logger.handle(logger.makeRecord(logger.name, line.level, "", 0, line.message, (), None, extra=fields))


def report_lines(
    report: BatchResult, started: float, ended: float, namespace: str = DEFAULT_NAMESPACE
) -> Iterator[Line]:
    """Tell a report, line by line."""
    for outcome in report.outcomes:
        yield _outcome_line(outcome, ended)
        yield Line(logging.DEBUG, "items", {"items": sorted(outcome.job.scopes)})
    for warning in (*report.wanted.warnings, *report.notes.warnings):
        yield Line(logging.WARNING, warning, {})
    for excess in report.notes.excesses:
        yield Line(logging.WARNING, "over budget", _excess_fields(excess))
    for record in report.batch.malformed:
        yield Line(logging.ERROR, "malformed record", {"source": record.source, "reason": record.reason})
    for enqueue_failures in report.enqueue_failures:
        yield Line(
            logging.ERROR, "failed", {"distribution": enqueue_failures.distribution, "reason": enqueue_failures.reason}
        )
    yield _batch_line(report, started, ended, namespace)


def _outcome_line(outcome: Outcome, ended: float) -> Line:
    job = outcome.job
    fields: dict[str, Any] = {"distribution": job.distribution, "changes": job.changes, "refusals": job.failed_attempts}
    if isinstance(outcome, Accepted):
        told = {
            "paths": len(outcome.items),
            "wildcards": outcome.wildcards,
            "items": outcome.items[:_SHOWN_ITEMS],
            "invalidation": outcome.id,
            "caller_reference": outcome.caller_reference,
            "seconds_to_accepted": round(max(ended - job.oldest_event_time, 0), 1),
        }
        if not outcome.replaced_items:
            return Line(logging.INFO, "accepted", fields | told)
        # A wildcard went that evicts more than was asked for, since CloudFront refused these.
        return Line(logging.WARNING, "accepted", fields | told | {"stands_for": outcome.replaced_items[:_SHOWN_ITEMS]})
    not_taken = fields | {"items": sorted(job.scopes)[:_SHOWN_ITEMS], "reason": outcome.reason}
    if isinstance(outcome, Deferred):
        # What was never refused is only deferred until its turn.
        level = logging.WARNING if job.failed_attempts else logging.INFO
        return Line(level, "deferred", not_taken | {"delay": outcome.delay})
    return Line(logging.ERROR, "rejected", not_taken)


def _excess_fields(excess: Excess) -> dict[str, Any]:
    return {
        "distribution": excess.distribution,
        "spent": excess.spent,
        "max_paths_per_day": excess.budget,
        "next_wildcards": datetime.fromtimestamp(excess.next_wildcards, UTC).isoformat(timespec="seconds"),
    }


def _batch_line(report: BatchResult, started: float, ended: float, namespace: str) -> Line:
    accepted = [outcome for outcome in report.outcomes if isinstance(outcome, Accepted)]
    metrics = {
        "changes": len({(change.bucket, change.key) for change in report.batch.changes}),
        "unrouted": len(report.wanted.unrouted),
        "ignored": sum(report.batch.ignored.values()),
        "malformed": len(report.batch.malformed),
        "items": sum(len(outcome.items) for outcome in accepted),
        "wildcards": sum(outcome.wildcards for outcome in accepted),
        "accepted": len(accepted),
        "deferred": sum(isinstance(outcome, Deferred) for outcome in report.outcomes),
        "rejected": sum(isinstance(outcome, Rejected) for outcome in report.outcomes),
        "failed": len(report.enqueue_failures),
        "over_budget": len(report.notes.excesses),
        "oldest_change_seconds": _oldest_change_seconds(report.outcomes, ended),
        "seconds_to_accepted": [round(max(ended - outcome.job.oldest_event_time, 0), 1) for outcome in accepted][:100],
    }
    properties = {
        "seconds": round(ended - started, 3),
        "jobs": len(report.batch.jobs),
        "ignored_reasons": dict(report.batch.ignored),
        "distributions": sorted({outcome.job.distribution for outcome in report.outcomes})[:_SHOWN_ITEMS],
        "routes": report.wanted.routes[:_SHOWN_ITEMS],
    }
    fields = {**_embedded(metrics, ended, namespace), **properties}
    return Line(logging.INFO, "batch", fields, is_for_alarms=True)


def _oldest_change_seconds(outcomes: Iterable[Outcome], ended: float) -> float:
    """Return how old the oldest deferred change will be when it is tried again, 0 for none.

    Each deferral is a new message, so the queue's own age of its oldest message says nothing of a job that comes back.
    A job that is held for its distribution's budget is as old as the time since its slot: `over_budget` counts it.
    """
    deferred = [outcome for outcome in outcomes if isinstance(outcome, Deferred)]
    ages = [ended + each.delay - max(each.job.oldest_event_time, each.job.held_until) for each in deferred]
    return round(max(0.0, *ages), 1) if ages else 0.0


def _embedded(metrics: dict[str, Any], ended: float, namespace: str) -> dict[str, Any]:
    """Return metrics with their description, but for those without a value.

    Distribution and route are no dimensions: each combination of dimensions is a metric that costs by the month.
    Several services in an account and region are told apart by the namespace.
    """
    told = {name: value for name, value in metrics.items() if value != []}
    described = [{"Name": name, "Unit": _UNITS.get(name, "Count")} for name in told]
    return {
        "_aws": {
            "Timestamp": int(ended * 1000),
            "CloudWatchMetrics": [{"Namespace": namespace, "Dimensions": [[]], "Metrics": described}],
        },
        **told,
    }
