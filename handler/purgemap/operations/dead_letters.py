"""Classify a dead letter: its reason, its distributions, and the messages that a redrive sends for it."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from purgemap.delivery import ReceivedMessage
from purgemap.errors import PurgemapError
from purgemap.events import Batch, decode_body, parse_payload
from purgemap.jobs import Job, is_job, job_messages, pack_bodies, parse_job
from purgemap.routing import Router


class DeadLetterSource(StrEnum):
    """The service that gave a message up."""

    REJECTED = "rejected"
    """The function: a job that no retry could help, with the reason that it wrote into it."""
    QUEUE = "queue"
    """SQS: a message that was received too often, its body unchanged."""
    RULE = "rule"
    """EventBridge: an event that never reached the queue or the function.
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html"""
    FUNCTION = "function"
    """Lambda: a failed asynchronous invocation of a function without a queue.
    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html"""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A classified message. `redrive_bodies` replace it in the queue, none if it is empty; `batch` is their content."""

    message: ReceivedMessage
    kind: DeadLetterSource
    reason: str
    redrive_bodies: tuple[str, ...]
    batch: Batch


def classify_dead_letter(message: ReceivedMessage, now: float) -> DeadLetter:
    """Classify a message of the dead-letter queue; never raises.

    A redriven job counts as begun at `now`, in seconds since the epoch.
    """
    content = decode_body(message.body)
    match content:
        case {"requestContext": {"condition": condition}}:
            return _classify_invocation(message, content, condition)
    # A body that can't be parsed is sent unchanged: a newer function may be able to parse it.
    bodies = _job_bodies(message, content, now) if _queued_jobs(content) else (message.body,)
    batch = _parse_bodies(message, bodies)
    return DeadLetter(message, *_kind_and_reason(message, content, batch), bodies, batch)


def affected_distributions(dead_letter: DeadLetter, router: Router) -> frozenset[str]:
    """Return the ids of a letter's distributions: those of its jobs, and those that the map finds for its events."""
    job_distributions = {queued.job.distribution for queued in dead_letter.batch.jobs}
    targets = router.route(dead_letter.batch.changes).keys_by_target
    return frozenset(job_distributions | {target.distribution.id for target in targets})


def reset_for_retry(job: Job, letter_id: str, now: float) -> Job:
    """Return a job without its history: no failed attempts, the full budget, begun at `now`."""
    # New sources make a new caller reference. CloudFront may have accepted the old one, with its answer
    # lost. Then it would return that invalidation again, and objects that were cached since would stay stale.
    # The sources follow from the letter's id. So a letter is invalidated once, even if a run was killed after it sent
    # the letter, and the next run sends it again.
    source = hashlib.sha256(f"{job.digest}\0{letter_id}".encode()).hexdigest()
    return job._replace(
        sources=(source,), oldest_event_time=now, failed_attempts=0, throttled=0, budget_level=0, held_until=0.0
    )


def _parse_bodies(message: ReceivedMessage, bodies: Iterable[str]) -> Batch:
    """Parse bodies as the function will."""
    records = [{"eventSource": "aws:sqs", "messageId": message.id, "body": body} for body in bodies]
    return parse_payload({"Records": records})


def _queued_jobs(content: Any) -> list[dict[str, Any]]:
    """Return the jobs of a decoded body, which is one job or a list of them; [] for any other body."""
    bodies = content if isinstance(content, list) else [content]
    return bodies if all(map(is_job, bodies)) else []


def _job_bodies(message: ReceivedMessage, content: Any, now: float) -> tuple[str, ...]:
    try:
        jobs = [reset_for_retry(parse_job(body), message.id, now) for body in _queued_jobs(content)]
        return tuple(body for body, _ in pack_bodies([body for job in jobs for body in job_messages(job)]))
    except PurgemapError:
        # A job of a newer version or a damaged one: the fields that hold its history are unknown.
        return (message.body,)


def _kind_and_reason(message: ReceivedMessage, content: Any, batch: Batch) -> tuple[DeadLetterSource, str]:
    attributes = message.attributes
    if is_job(content) and "rejected" in content:
        return DeadLetterSource.REJECTED, str(content["rejected"])
    if "ERROR_CODE" in attributes or "RULE_ARN" in attributes:
        return DeadLetterSource.RULE, _join(attributes.get("ERROR_CODE"), attributes.get("ERROR_MESSAGE"))
    if "RequestID" in attributes and "ErrorCode" in attributes:  # Lambda's own dead letters have no envelope
        return DeadLetterSource.FUNCTION, _join(attributes["ErrorCode"], attributes.get("ErrorMessage"))
    if batch.malformed:
        return DeadLetterSource.QUEUE, f"unreadable: {batch.malformed[0].reason}"
    # The jobs of one message were deferred together, mostly for one reason.
    deferral = next((job["deferred"] for job in _queued_jobs(content) if job.get("deferred")), None)
    return DeadLetterSource.QUEUE, _join("received too often", deferral and f"deferred before for {deferral}")


def _classify_invocation(message: ReceivedMessage, record: dict[str, Any], condition: object) -> DeadLetter:
    payload, response = record.get("requestPayload"), record.get("responsePayload")
    events = payload if isinstance(payload, list) else [] if payload is None else [payload]
    bodies = tuple(json.dumps(event, separators=(",", ":")) for event in events)
    error = response if isinstance(response, dict) else {}
    reason = _join(condition, error.get("errorType"), error.get("errorMessage"))
    return DeadLetter(message, DeadLetterSource.FUNCTION, reason, bodies, _parse_bodies(message, bodies))


def _join(*parts: object) -> str:
    return ": ".join(str(part) for part in parts if part)
